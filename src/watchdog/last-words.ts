/** What is said and noted of the events that ran when a process ended. */
import { systemClock } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import type { Watched } from '../handler-watch.ts'
import { HANDLER_BLOCKS_MAX } from '../limits/watchdog.ts'
import type { Log, LogFields } from '../log.ts'
import { noteSuspects } from './suspects.ts'

/** How a process ends that user code has blocked or ended: EX_SOFTWARE of sysexits.h. */
export const HANDLER_EXIT_CODE = 70

/** One of them it was; the latest comes first. */
export type Suspects = readonly Watched[]

/** What it was, and who: never what was in it. */
export function report(
  log: Log,
  { event, why, ...fields }: LogFields & { readonly event: string; readonly why: string },
  suspects: Suspects,
): void {
  const [first, ...rest] = suspects
  log.error(event, {
    ...(first === undefined ? { handler: 'unknown' } : named(first)),
    ...fields,
    exitCode: HANDLER_EXIT_CODE,
    hint: `${why}; after ${HANDLER_BLOCKS_MAX} such ends its event is given up`,
  })
  for (const suspect of rest) log.error('handler.suspected', named(suspect))
}

function named({ source, type, ...place }: Watched) {
  return { handler: `${source} ${type}`, ...place }
}

/** The next start has to know. On disk when it returns, or the log says why it is not. */
export function note(
  log: Log,
  { notesPath, handlersName }: { readonly notesPath: string; readonly handlersName: string },
  suspects: Suspects,
): void {
  const at = new Date(systemClock.now()).toISOString()
  try {
    noteSuspects(notesPath, suspects, { at, handlersName })
  } catch (error) {
    log.error('watchdog.not_noted', { path: notesPath, reason: messageOf(error) })
  }
}
