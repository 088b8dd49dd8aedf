/** What stages tell and ask of whoever watches user code: a thread that it blocks is lost. */
import { GatewayError } from './errors.ts'
import { HANDLER_BLOCKS_MAX } from './watchdog-limits.ts'

/** What user code is called for: an event as it is stored, or would be. */
export interface Watched {
  /** As of the event: a source, a caller, or `consumer:<name>`. */
  readonly source: string
  readonly type: string
  readonly eventId: string
  /** Where a consumer's record lies. */
  readonly partition?: number
  readonly offset?: number
}

export interface HandlerWatch {
  /** A call begins. Returns what the two below are told of it. */
  enter(watched: Watched): number
  /** It has returned, and goes on later: until it ends, it may still block. */
  waits(call: number): void
  /** It has ended. */
  leave(call: number): void
  /** How often a process ended while it ran, and nobody has changed a handler since. */
  endsOf(source: string, eventId: string): number
  /** Runs one after the other what may have ended a process: so the next end says which it was. */
  alone<T>(task: () => T | Promise<T>): Promise<T>
}

/** Whether an event may be handled once more that was handled when processes ended. */
export function isGivenUp(ends: number): boolean {
  return ends >= HANDLER_BLOCKS_MAX
}

/** Why one is not handled any more. */
export function blockedError(ends: number): GatewayError {
  return new GatewayError('HANDLER_BLOCKED', `the process ended ${ends} times while it ran`)
}

/**
 * Runs user code, and throws what it throws; without a watchdog only that. What it returns a
 * promise of is watched until that settles, whoever has stopped waiting for it by then: it can
 * still block the thread.
 */
export function watching<T>(
  watchdog: HandlerWatch | undefined,
  watched: Watched,
  task: () => T,
): T {
  if (watchdog === undefined) return task()
  const call = watchdog.enter(watched)
  let isWaiting = false
  try {
    const result = task()
    if (result instanceof Promise) {
      const leave = () => watchdog.leave(call)
      result.then(leave, leave)
      isWaiting = true
      watchdog.waits(call)
    }
    return result
  } finally {
    if (!isWaiting) watchdog.leave(call)
  }
}
