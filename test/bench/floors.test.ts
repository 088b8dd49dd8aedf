import { expect, test } from 'bun:test'
import { belowFloors } from '../../bench/floors.ts'
import type { Results } from '../../bench/results.ts'
import { judge, TARGETS } from '../../bench/targets.ts'

function judged(id: string, values: readonly (number | undefined)[]) {
  const targets = TARGETS.filter((target) => target.id === id)
  return targets.flatMap((target) => values.map((value) => judge(target, value)))
}

/** Results of two runs, as they are written down. */
function resultsOf(relayRatio: number, startMs: number): Results {
  const common = { command: '', date: '', commit: '', seconds: 1, ratio: 1 }
  const spread = (median: number) => ({ median, min: median, max: median })
  const relay = { ...common, run: 'relay', figures: { ratio: spread(relayRatio) } }
  const footprint = { ...common, run: 'footprint', figures: { startMs: spread(startMs) } }
  return new Map([relay, footprint].map((result) => [result.run, result]))
}

test('a figure reaches what it is at least as good as, where more is better and where less is', () => {
  expect(judged('relay', [0.95, 0.94, 0.79, undefined])).toEqual([
    'target',
    'solid',
    'below',
    'not measured',
  ])
  expect(judged('start', [50, 51, 121])).toEqual(['target', 'solid', 'below'])
})

test('only what is worse than its floor is named, and what was not measured is left out', () => {
  const floors = { relay: 0.8, start: 100, drain: 1 }
  expect(belowFloors(resultsOf(0.8, 100), floors)).toEqual([])
  expect(belowFloors(resultsOf(0.79, 90), floors)).toEqual([
    'relay: 0.79, and the floor is 0.8 (relay, to kafkajs alone)',
  ])
  expect(belowFloors(resultsOf(0.9, 101), floors)).toHaveLength(1)
})
