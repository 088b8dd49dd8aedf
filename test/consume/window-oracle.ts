/** What windows come to by brute force, and random input for it. */
import * as fc from 'fast-check'
import type { KeptWindow } from '../../src/consume/windows.ts'
import { hopping, session, tumbling, type Windowing } from '../../src/window.ts'

export interface Given {
  readonly key: string
  readonly at: number
}

/** What came out: windows as they closed, corrections of closed ones, and what was too late. */
export interface Outcome {
  readonly closed: readonly string[]
  readonly corrected: readonly string[]
  readonly late: readonly number[]
}

/** The events of a window, by their position in the input. */
export const show = (window: Omit<KeptWindow, 'isClosed'>, ids: readonly number[]): string =>
  `${window.key} ${window.start}-${window.end}: ${ids.toSorted((a, b) => a - b).join(' ')}`

export const idsOf = (state: unknown): readonly number[] =>
  Array.isArray(state) ? (state as readonly number[]) : []

/**
 * The same by brute force: after every event all windows are made anew of all events that count.
 * An event counts where the window that it would be in is not over when it comes.
 */
export function oracle(windowing: Windowing, given: readonly Given[]): Outcome {
  const { shape, allowedLatenessMs } = windowing
  const outcome = { closed: [] as string[], corrected: [] as string[], late: [] as number[] }
  const emitted = new Set<string>()
  // Pairs of an event and a window; of sessions the window is what the events say.
  let counted: { id: number; key: string; at: number; start: number }[] = []
  let watermark = 0
  const windowsNow = () => {
    if (shape.kind === 'fixed') {
      const groups = Map.groupBy(counted, ({ key, start }) => `${key} ${start}`)
      return [...groups.values()].map((events) => {
        const { key = '', start = 0 } = events[0] ?? {}
        return { key, start, end: start + shape.sizeMs, events }
      })
    }
    const sessions: { key: string; start: number; end: number; events: typeof counted }[] = []
    for (const event of counted.toSorted((a, b) => a.at - b.at)) {
      const last = sessions.findLast(({ key }) => key === event.key)
      const end = event.at + shape.gapMs
      if (last !== undefined && event.at < last.end) {
        last.end = end
        last.events.push(event)
      } else sessions.push({ key: event.key, start: event.at, end, events: [event] })
    }
    return sessions
  }
  const isOver = ({ end }: { end: number }) => end + allowedLatenessMs <= watermark
  for (const [id, { key, at }] of given.entries()) {
    const starts = shape.kind === 'session' ? [at] : fixedStarts(shape, at)
    counted.push(...starts.map((start) => ({ id, key, at, start })))
    const over = windowsNow().filter(isOver)
    counted = counted.filter((one) => !over.some(({ events }) => events.includes(one)))
    if (!counted.some((one) => one.id === id)) outcome.late.push(id)
    for (const window of windowsNow().filter(({ events }) => events.some((one) => one.id === id))) {
      const text = show(
        { ...window, state: 0 },
        window.events.map((one) => one.id),
      )
      if (emitted.has(nameOf(window))) outcome.corrected.push(text)
    }
    watermark = Math.max(watermark, at - windowing.outOfOrdernessMs)
    for (const window of windowsNow().filter(({ end }) => end <= watermark)) {
      if (emitted.has(nameOf(window))) continue
      emitted.add(nameOf(window))
      outcome.closed.push(
        show(
          { ...window, state: 0 },
          window.events.map((one) => one.id),
        ),
      )
    }
    const gone = windowsNow().filter(isOver)
    counted = counted.filter((one) => !gone.some(({ events }) => events.includes(one)))
  }
  return outcome
}

const nameOf = (one: { key: string; start: number; end: number }): string =>
  `${one.key} ${one.start} ${one.end}`

function fixedStarts({ sizeMs, everyMs }: { sizeMs: number; everyMs: number }, at: number) {
  const starts: number[] = []
  for (let start = -everyMs * 20; start <= at; start += everyMs) {
    if (start + sizeMs > at) starts.push(start)
  }
  return starts
}

const shapes = fc.oneof(
  fc.integer({ min: 1, max: 12 }).map((size) => tumbling(`${size}ms`)),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.nat({ max: 3 }))
    .map(([every, times, more]) =>
      hopping(`${every * times + Math.min(more, every)}ms`, `${every}ms`),
    ),
  fc.integer({ min: 1, max: 8 }).map((gap) => session(`${gap}ms`)),
)
export const windowings = fc.record({
  shape: shapes,
  outOfOrdernessMs: fc.nat({ max: 10 }),
  allowedLatenessMs: fc.nat({ max: 10 }),
  merge: fc.constant((earlier: unknown, later: unknown) => [...idsOf(earlier), ...idsOf(later)]),
})
/** Time goes on with the input, with jumps ahead and back. */
export const inputs = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      step: fc.nat({ max: 3 }),
      shift: fc.oneof(fc.constant(0), fc.integer({ min: -25, max: 15 })),
    }),
    // By default few arrays have more than ten.
    { maxLength: 40, size: 'max' },
  )
  .map((steps) => {
    let now = 30
    return steps.map(({ key, step, shift }) => ({ key, at: Math.max(0, (now += step) + shift) }))
  })

export const sorted = ({ closed, corrected, late }: Outcome): Outcome => ({
  closed: closed.toSorted(),
  corrected: corrected.toSorted(),
  late,
})
