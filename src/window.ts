/** Windows: how a consumer cuts the time of its events, and what it makes of each piece. */
import { assert } from './assert.ts'
import type { EpochMs } from './clock.ts'

/** A length of time, as `500ms`, `30s`, `5m`, `1h` or `1d`. */
export type Duration = `${number}${keyof typeof UNIT_MS}`

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const DURATION = /^([0-9]{1,9})(ms|s|m|h|d)$/

/** From `start` on, up to but not including `end`, in ms since 1970. */
export interface TimeSpan {
  readonly start: EpochMs
  readonly end: EpochMs
}

/** Which windows an event belongs to. Made by `tumbling`, `hopping` and `session`. */
export type WindowShape =
  | { readonly kind: 'fixed'; readonly sizeMs: number; readonly everyMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }

/**
 * Windows of one size, one after the other; a window of `5m` begins at every full five minutes of
 * UTC. An event belongs to one.
 *
 * @throws RangeError where the size is no duration.
 */
export function tumbling(size: Duration): WindowShape {
  const sizeMs = toMs(size)
  return { kind: 'fixed', sizeMs, everyMs: sizeMs }
}

/**
 * Windows of one size that overlap: one begins `every` so often. An event belongs to `size / every`
 * of them.
 *
 * @throws RangeError where one is no duration, or `every` is longer than `size`.
 */
export function hopping(size: Duration, every: Duration): WindowShape {
  const [sizeMs, everyMs] = [toMs(size), toMs(every)]
  if (everyMs > sizeMs) throw new RangeError('windows that hop must touch: every <= size')
  return { kind: 'fixed', sizeMs, everyMs }
}

/**
 * Windows of events that follow each other in less than `gap`. An event between two of them makes
 * them one.
 *
 * @throws RangeError where the gap is no duration.
 */
export function session(gap: Duration): WindowShape {
  return { kind: 'session', gapMs: toMs(gap) }
}

/** A duration in ms; undefined where it is none, or nothing. Zero is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = DURATION.exec(text) ?? []
  const ms = Number(digits) * (UNIT_MS[unit as keyof typeof UNIT_MS] ?? NaN)
  return Number.isSafeInteger(ms) && ms > 0 ? ms : undefined
}

function toMs(duration: string): number {
  const ms = parseDuration(duration)
  if (ms !== undefined) return ms
  throw new RangeError(`"${duration}" is no duration: write 30s, 5m, 1h or 1d`)
}

/** The windows of a consumer, with every default filled in. */
export interface Windowing {
  readonly shape: WindowShape
  /** How far event time stays behind the latest event: those that overtake one another count. */
  readonly outOfOrdernessMs: number
  /** How long after its end a window still takes what is late. */
  readonly allowedLatenessMs: number
  /** Makes one state of those of two sessions that an event has joined. */
  readonly merge: ((earlier: unknown, later: unknown) => unknown) | undefined
}

/** Where the start and the end of every window are that an event may be added to. */
export interface SpanBounds {
  readonly startMin: EpochMs
  readonly startMax: EpochMs
  readonly endMin: EpochMs
}

/** Of a key that many windows are kept of, only these are read for an event. */
export function boundsOf(shape: WindowShape, at: EpochMs): SpanBounds {
  return shape.kind === 'session'
    ? { startMin: Number.MIN_SAFE_INTEGER, startMax: at + shape.gapMs - 1, endMin: at + 1 }
    : { startMin: at - shape.sizeMs + 1, startMax: at, endMin: at + 1 }
}

/** The spans of an event's windows, the earliest first. Of a session: if nothing else were near. */
export function spansOf(shape: WindowShape, at: EpochMs): TimeSpan[] {
  if (shape.kind === 'session') return [{ start: at, end: at + shape.gapMs }]
  const { sizeMs, everyMs } = shape
  const spans: TimeSpan[] = []
  for (let start = at - (at % everyMs); start > at - sizeMs; start -= everyMs) {
    spans.unshift({ start, end: start + sizeMs })
  }
  assert(spans.length > 0, 'windows of a fixed size leave no gap')
  return spans
}
