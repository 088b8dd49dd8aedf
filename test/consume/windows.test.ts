import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  add,
  dueAt,
  settle,
  watermarkOf,
  type KeptWindow,
  type Timed,
} from '../../src/consume/windows.ts'
import { hopping, parseDuration, spansOf, tumbling, type Windowing } from '../../src/window.ts'
import {
  idsOf,
  inputs,
  oracle,
  show,
  sorted,
  windowings,
  type Given,
  type Outcome,
} from './window-oracle.ts'

/** Runs the engine as a consumer does; at every `restarts` everything goes through JSON. */
function run(
  windowing: Windowing,
  given: readonly Given[],
  restarts: ReadonlySet<number>,
): Outcome {
  const outcome = { closed: [] as string[], corrected: [] as string[], late: [] as number[] }
  let kept: KeptWindow[] = []
  let watermark = 0
  for (const [id, { key, at }] of given.entries()) {
    if (restarts.has(id)) ({ kept, watermark } = JSON.parse(JSON.stringify({ kept, watermark })))
    const event: Timed = { key, at, fold: (state) => [...idsOf(state), id] }
    const windows = kept.filter((window) => window.key === key)
    const added = add(windowing, event, { windows, watermark })
    if (added.kind === 'late') outcome.late.push(id)
    else {
      const gone = [...added.dropped, ...added.kept]
      kept = kept.filter((one) => !gone.some((each) => isSame(one, each))).concat(added.kept)
      const corrected = added.kept.filter(({ isClosed }) => isClosed)
      outcome.corrected.push(...corrected.map((one) => show(one, idsOf(one.state))))
    }
    watermark = Math.max(watermark, watermarkOf(windowing, at))
    for (let due; (due = kept.find((one) => dueAt(windowing, one) <= watermark));) {
      const { closes, kept: still } = settle(windowing, due, watermark)
      if (closes) outcome.closed.push(show(due, idsOf(due.state)))
      kept = kept.filter((one) => one !== due).concat(still ?? [])
    }
  }
  return outcome
}

function isSame(one: KeptWindow, other: KeptWindow): boolean {
  return one.key === other.key && one.start === other.start && one.end === other.end
}

test('windows are those of a brute-force oracle, whatever comes when, with restarts between', () => {
  fc.assert(
    fc.property(
      windowings,
      inputs,
      fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 10, size: 'max' }),
      (windowing, given, at) => {
        const outcome = run(windowing, given, new Set(at))
        expect(sorted(outcome)).toEqual(sorted(oracle(windowing, given)))
        const names = outcome.closed.map((text) => text.split(':')[0])
        expect(new Set(names).size).toBe(names.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('without lateness every event is in the windows that close, or late', () => {
  fc.assert(
    fc.property(windowings, inputs, (windowing, given) => {
      const strict = { ...windowing, allowedLatenessMs: 0 }
      const end = { key: 'end', at: 10_000 }
      const { closed, corrected, late } = run(strict, [...given, end], new Set())
      const counted = closed.flatMap((text) => text.split(': ')[1]?.split(' ').map(Number) ?? [])
      expect(corrected).toEqual([])
      expect([...new Set([...counted, ...late])].toSorted((a, b) => a - b)).toEqual(
        given.map((_, id) => id),
      )
    }),
    { numRuns: 300 },
  )
})

test('a window of five minutes begins at a full five minutes', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 59, 999)
  expect(spansOf(tumbling('5m'), at)).toEqual([
    { start: Date.UTC(2026, 0, 2, 3, 0), end: Date.UTC(2026, 0, 2, 3, 5) },
  ])
})

test('what is no duration is refused', () => {
  expect(parseDuration('90s')).toBe(90_000)
  for (const wrong of ['', '5', '5 m', '-5m', '0s', '1.5h', '5M', '999999999d']) {
    expect(parseDuration(wrong)).toBeUndefined()
  }
  expect(() => hopping('1m', '2m')).toThrow(RangeError)
})
