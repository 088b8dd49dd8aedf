import type { Clock } from '../clock.ts'
import { TURN_MS_MAX, WAIT_MS_MAX } from '../limits/waiting.ts'

/** Deliveries whose bodies have arrived, waiting for the one thread that works on them. */
export interface Line {
  /** Begins a task: at once where nobody waits and this turn has time left, else in its turn. */
  begin<T>(task: () => Promise<T>): Promise<T>
  /**
   * Whether who joined it now would wait for too long behind `others`: those who wait in it, and
   * those whose turn has come, and who are not answered.
   */
  isTooLong(others: number): boolean
  /** How long those who wait in it will take, in ms; 0 where nobody does. */
  lengthMs(): number
}

export interface LineOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Calls back in the next turn of the event loop. For tests; default: `setImmediate`. */
  readonly nextTurn?: ((callback: () => void) => void) | undefined
}

/** What a turn still counts after the next one: about 200 of them say what a task takes. */
const REMEMBERED = 0.995

/**
 * A turn counts as so many times the usual at most: one long pause, of the collector or of the
 * machine, is no trend, and what stays is believed after some dozens of turns.
 */
const TURN_FACTOR_MAX = 16

/** What tasks are taken to have needed before any was measured: 0.1 ms each. */
const FIRST = { tasks: 100, ms: 10 }

/**
 * Opens the line. Each turn of the event loop works for TURN_MS_MAX, then looks at the sockets
 * again: so whoever has to be refused is refused at once, however many wait. How long that will be
 * is their number times what one has lately taken, reading, answering and commits included. Where
 * nobody waits in line there is time left, and whatever the others wait for is not this thread.
 *
 * There is one limit. A shorter one for a line that lasts (CoDel's) would refuse nobody less, as
 * just as much can be taken; it refused 1 in 100 at nine tenths of that, after each pause of 50 ms.
 */
export function openLine({ clock, nextTurn = setImmediate }: LineOptions): Line {
  let waiting: (() => void)[] = []
  /** Where in `waiting` those begin whose turn has not come. */
  let next = 0
  /** When this turn has worked enough; undefined while nothing has come since the last one. */
  let turnEndsMs: number | undefined
  const pace = openPace(clock)

  function takeTurn(): void {
    const first = next
    turnEndsMs = clock.monotonicMs() + TURN_MS_MAX
    do {
      waiting[next]?.()
      next += 1
    } while (next < waiting.length && clock.monotonicMs() < turnEndsMs)
    if (next < waiting.length) {
      pace.turned(next - first)
      // What has had its turn is let go of, a part at a time.
      if (next > waiting.length / 2) {
        waiting = waiting.slice(next)
        next = 0
      }
      return nextTurn(takeTurn)
    }
    waiting = []
    next = 0
    turnEndsMs = undefined
    pace.paused()
  }

  return {
    begin(task) {
      const nowMs = clock.monotonicMs()
      if (turnEndsMs === undefined) {
        turnEndsMs = nowMs + TURN_MS_MAX
        nextTurn(takeTurn)
      }
      if (waiting.length === 0 && nowMs < turnEndsMs) return task()
      return new Promise((resolve) => {
        waiting.push(() => resolve(task()))
      })
    },
    lengthMs: () => pace.msOf(waiting.length - next),
    isTooLong: (others) => waiting.length > 0 && pace.msOf(others) > WAIT_MS_MAX,
  }
}

/** How long tasks lately took, where one followed the other. */
function openPace(clock: LineOptions['clock']) {
  let lastTurnMs: number | undefined
  let { tasks: doneTasks, ms: doneMs } = FIRST
  const msOf = (tasks: number) => tasks * (doneMs / doneTasks)
  return {
    msOf,
    /** A turn has ended with somebody left, and so did the one before, or there was a pause. */
    turned(tasks: number): void {
      const nowMs = clock.monotonicMs()
      if (lastTurnMs !== undefined) {
        const ms = Math.min(nowMs - lastTurnMs, TURN_FACTOR_MAX * msOf(tasks))
        doneTasks = doneTasks * REMEMBERED + tasks
        doneMs = doneMs * REMEMBERED + ms
      }
      lastTurnMs = nowMs
    },
    /** Nobody is left: the time until somebody comes is no work. */
    paused(): void {
      lastTurnMs = undefined
    },
  }
}
