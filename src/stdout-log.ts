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
