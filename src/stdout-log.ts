import type { Clock } from './clock.ts'
import { openGatheredLog, type OpenLog } from './gathered-log.ts'
import type { LogLevel, LogPart } from './log.ts'

/** Opens the log on standard output, one thread of the process at a time (`part` names it). */
export function openLog(level: LogLevel, part: LogPart): OpenLog {
  const out = Bun.stdout.writer()
  return openGatheredLog(level, part, (text) => {
    void out.write(text)
    return Promise.resolve(out.flush())
  })
}

/** How long whoever reads the log may take for the last lines of a process, in ms. */
export const LAST_LINES_MS_MAX = 1_000

/**
 * Waits for the lines so far, and not for a reader that has stopped. It leaves no timer behind:
 * that would keep a process which is at its end.
 */
export async function flushLast(
  log: Pick<OpenLog, 'flush'>,
  clock: Pick<Clock, 'sleep'>,
): Promise<void> {
  const patience = new AbortController()
  await Promise.race([log.flush(), clock.sleep(LAST_LINES_MS_MAX, patience.signal)])
  patience.abort()
}
