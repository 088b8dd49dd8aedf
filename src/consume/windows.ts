/** What becomes of windows, as pure functions: what they read and change is their caller's. */
import { assert } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import { spansOf, type TimeSpan, type Windowing } from '../window.ts'

/** A window of a key that has events. */
export interface KeptWindow extends TimeSpan {
  readonly key: string
  readonly state: unknown
  /** Its result was published; it is kept for what is late. */
  readonly isClosed: boolean
}

/** An event on its way into its windows. */
export interface Timed {
  readonly key: string
  /** Its time. */
  readonly at: EpochMs
  /** The state of a window with it; undefined: it is the first one there. */
  readonly fold: (state: unknown) => unknown
}

/**
 * What an event changes. `late`: every window that it belongs to is over, and it is in none.
 * Otherwise `dropped` become a part of `kept`: sessions that it has joined.
 */
export type Added =
  | { readonly kind: 'late' }
  | {
      readonly kind: 'added'
      readonly dropped: readonly KeptWindow[]
      readonly kept: readonly KeptWindow[]
    }

/** Event time is at least `watermark`: nothing earlier is waited for. */
export function watermarkOf({ outOfOrdernessMs }: Windowing, at: EpochMs): EpochMs {
  return at - outOfOrdernessMs
}

/**
 * Adds an event to the windows of its key, of which `windows` are all that are kept. A window whose
 * end and lateness are not after `watermark` takes nothing any more.
 *
 * @throws Whatever `fold` and `merge` do: then nothing has changed.
 */
export function add(
  windowing: Windowing,
  event: Timed,
  { windows, watermark }: { readonly windows: readonly KeptWindow[]; readonly watermark: EpochMs },
): Added {
  const isOver = ({ end }: TimeSpan) => end + windowing.allowedLatenessMs <= watermark
  const own = spansOf(windowing.shape, event.at)
  if (windowing.shape.kind === 'session') {
    const dropped = windows.filter((each) => own.some(meets(each)))
    const span = own.map((each) => spanOf(each, dropped)).find((each) => !isOver(each))
    if (span === undefined) return { kind: 'late' }
    // What is as long as before is the same window still.
    const isClosed = dropped.some((each) => each.isClosed && isSame(each, span))
    const state = event.fold(join(windowing, dropped))
    return { kind: 'added', dropped, kept: [{ ...span, key: event.key, state, isClosed }] }
  }
  const spans = own.filter((span) => !isOver(span))
  if (spans.length === 0) return { kind: 'late' }
  const kept = spans.map(({ start, end }) => {
    const known = windows.find((each) => isSame(each, { start, end }))
    const state = event.fold(known?.state)
    return { key: event.key, start, end, state, isClosed: known?.isClosed ?? false }
  })
  return { kind: 'added', dropped: [], kept }
}

/** When something is to be done with a window: it is to be closed, or forgotten. */
export function dueAt({ allowedLatenessMs }: Windowing, { end, isClosed }: KeptWindow): EpochMs {
  return isClosed ? end + allowedLatenessMs : end
}

/**
 * What is done with a window that is due. Each is closed once, whatever comes late; a session that
 * something late makes longer is another window, and closes for itself.
 */
export function settle<Window extends KeptWindow>(
  windowing: Windowing,
  window: Window,
  watermark: EpochMs,
): { readonly closes: boolean; readonly kept: Window | undefined } {
  assert(dueAt(windowing, window) <= watermark, 'only what is due is settled')
  const isOver = window.end + windowing.allowedLatenessMs <= watermark
  return { closes: !window.isClosed, kept: isOver ? undefined : { ...window, isClosed: true } }
}

function isSame(one: TimeSpan, other: TimeSpan): boolean {
  return one.start === other.start && one.end === other.end
}

function meets(one: TimeSpan): (other: TimeSpan) => boolean {
  return (other) => one.start < other.end && other.start < one.end
}

/** The session that an event makes of itself and of those that it meets, without their states. */
function spanOf(event: TimeSpan, parts: readonly TimeSpan[]): TimeSpan {
  return {
    start: Math.min(event.start, ...parts.map(({ start }) => start)),
    end: Math.max(event.end, ...parts.map(({ end }) => end)),
  }
}

function join({ merge }: Windowing, parts: readonly KeptWindow[]): unknown {
  const [first, ...others] = parts.toSorted((a, b) => a.start - b.start)
  return others.reduce((merged: unknown, { state }) => {
    assert(merge !== undefined, 'sessions have a merge')
    return merge(merged, state)
  }, first?.state)
}
