/**
 * How long the oldest entry of the outbox has waited to be published. When one was written is not
 * stored, and when its event was received is no measure of it: a replay of last week's events, and
 * a handler that succeeds at its third try, write entries whose events are old.
 */
import type { Clock, EpochMs } from '../clock.ts'

/** What the outbox looks like now. */
export interface OutboxEnds {
  /** Entries that are not published yet; the seqs of all have no gaps. */
  readonly pending: number
  /** The seq of the last entry, published or not. */
  readonly lastSeq: number
  /** When the event of the oldest pending one was received; null where there is none. */
  readonly oldestReceivedAt: EpochMs | null
}

/** Entries above this seq were written at this time or later. */
interface Mark {
  readonly seq: number
  readonly at: EpochMs
}

/** Marks are this share of an outage apart: an hour is known to 14 s, a week of it has 1,500. */
const MARKS_APART_SHARE = 1 / 256

/**
 * Returns what tells, at each look, for how many ms the oldest pending entry has waited: at most as
 * much too long as looks are apart, in a long outage half a percent. Of what an earlier process has
 * left it knows only when the event was received.
 */
export function openWaiting(clock: Pick<Clock, 'now'>): (ends: OutboxEnds) => number {
  let marks: readonly Mark[] = []
  return ({ pending, lastSeq, oldestReceivedAt }) => {
    const now = clock.now()
    const highWater = lastSeq - pending
    // A clock that was set back has made the others worthless.
    const known = marks.filter(({ at }) => at <= now)
    const passed = known.findLast(({ seq }) => seq <= highWater)
    // Of one seq the latest time counts: nothing was written meanwhile.
    const ahead = known.filter(({ seq }) => seq > highWater && seq < lastSeq)
    marks = pending === 0 || passed === undefined ? ahead : [passed, ...ahead]
    const [first, last] = [marks.at(0)?.at ?? now, marks.at(-1)?.at ?? 0]
    if (now - last > (now - first) * MARKS_APART_SHARE)
      marks = [...marks, { seq: lastSeq, at: now }]
    if (oldestReceivedAt === null) return 0
    return Math.max(0, now - Math.max(oldestReceivedAt, passed?.at ?? 0))
  }
}
