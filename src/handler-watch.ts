/** What stages tell and ask of whoever watches user code: a thread that it blocks is lost. */
import { GatewayError } from './faults/faults.ts'
import { HANDLER_SUSPICIONS_MAX } from './limits/watchdog.ts'

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

/** The processes that ended while an event ran, with the handlers of now. */
export interface Ends {
  /** Those where nothing else was named: each is evidence against it. */
  readonly alone: number
  readonly all: number
  /** How many of the former it takes until it is given up. */
  readonly aloneMax: number
  /** It has run to its end since. */
  readonly isCleared: boolean
}

/** A task that may have to wait until others have ended. */
export interface Turn<T> {
  readonly task: () => T | Promise<T>
  /** Called instead where its turn has not come before what `patience` returns aborts. */
  readonly late: () => T
  readonly patience: () => AbortSignal
}

export interface Turns {
  /** Runs what may have ended a process: so the next end says which it was. */
  alone<T>(turn: Turn<T>): Promise<T>
  /** Runs what is no suspect. */
  beside<T>(turn: Turn<T>): T | Promise<T>
}

export interface HandlerWatch {
  /** A call begins. Returns what the two below are told of it. */
  enter(watched: Watched): number
  /** It has returned, and goes on later: until it ends, it may still block. */
  waits(call: number): void
  /** It has ended. */
  leave(call: number): void
  /** Whether any event was noted by a process before. Nearly never. */
  readonly hasNotes: boolean
  endsOf(source: string, eventId: string): Ends | undefined
  /** It has ended well while it ran alone, and is no suspect any more. */
  clear(source: string, eventId: string): void
  readonly turns: Turns
}

type Named = Pick<Watched, 'source' | 'eventId'>

/** Why an event is not handled any more; undefined where it is. */
export function givenUp(
  watchdog: HandlerWatch | undefined,
  { source, eventId }: Named,
): { readonly error: GatewayError; readonly ends: Ends } | undefined {
  const ends = watchdog?.endsOf(source, eventId)
  if (ends === undefined) return undefined
  if (ends.alone < ends.aloneMax && ends.all < HANDLER_SUSPICIONS_MAX) return undefined
  const times = ends.all === 1 ? 'once' : `${ends.all} times`
  const detail = `the process ended ${times} while it ran`
  return { error: new GatewayError('HANDLER_BLOCKED', detail), ends }
}

export interface Guarded<T> extends Omit<Turn<T>, 'late'> {
  readonly named: Named
  /** What comes of it where the task does not run; `ends` where that is for good. */
  readonly instead: (error: GatewayError, ends?: Ends) => T
}

/**
 * Runs user code as what is known of its event allows: not at all where that has ended too many
 * processes, alone where it may have ended one.
 */
export function guarded<T>(watchdog: HandlerWatch, guard: Guarded<T>): T | Promise<T> {
  const { named, task, instead, patience } = guard
  const { source, eventId } = named
  const blocked = givenUp(watchdog, named)
  if (blocked !== undefined) return instead(blocked.error, blocked.ends)
  const late = () => instead(new GatewayError('HANDLER_HELD', 'its turn to run alone has not come'))
  const ends = watchdog.endsOf(source, eventId)
  if (ends === undefined || ends.isCleared) return watchdog.turns.beside({ task, late, patience })
  async function suspected(): Promise<T> {
    const result = await task()
    watchdog.clear(source, eventId)
    return result
  }
  return watchdog.turns.alone({ task: suspected, late, patience })
}

/**
 * Runs user code with what it is given, and throws what it throws; without a watchdog only that.
 * What it returns a promise of is watched until that settles, whoever has stopped waiting for it by
 * then: it can still block the thread.
 */
export function watching<Given, T>(
  watchdog: HandlerWatch | undefined,
  watched: Watched,
  task: (given: Given) => T,
  given: Given,
): T {
  if (watchdog === undefined) return task(given)
  const call = watchdog.enter(watched)
  let isWaiting = false
  try {
    const result = task(given)
    if (result instanceof Promise) {
      leaveAfter(result, watchdog, call)
      isWaiting = true
      watchdog.waits(call)
    }
    return result
  } finally {
    if (!isWaiting) watchdog.leave(call)
  }
}

/** A function of its own: what returns at once costs no closure. */
function leaveAfter(ending: Promise<unknown>, watchdog: HandlerWatch, call: number): void {
  const leave = () => watchdog.leave(call)
  ending.then(leave, leave)
}
