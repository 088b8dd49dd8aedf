import { expect, test } from 'bun:test'
import { addToFilter, emptyFilter, FilterGroup } from '../../db/id-filter.ts'
import { hash53 } from '../../db/hash.ts'

const IDS = 32_768

function hashesOf(run: number): Float64Array {
  return Float64Array.from({ length: IDS }, (_, index) => hash53(`${run}:${index}`))
}

function filterOf(hashes: Float64Array): Uint32Array {
  const filter = emptyFilter()
  addToFilter(filter, hashes)
  return filter
}

test('every id leads to its run, and hardly any to another', () => {
  const group = new FilterGroup()
  const runs = [0, 5, 31]
  for (const run of runs) group.add(run, filterOf(hashesOf(run)))
  for (const run of runs) {
    const bit = (1 << run) >>> 0
    expect(hashesOf(run).every((hash) => (group.maybe(hash) & bit) >>> 0 === bit)).toBe(true)
  }
  const unknown = hashesOf(99).filter((hash) => group.maybe(hash) !== 0)
  // 1 in 1,100 for each run.
  expect(unknown.length).toBeLessThan((2 * runs.length * IDS) / 1_100)
})

test('a run that is removed is not answered any more', () => {
  const group = new FilterGroup()
  const hashes = hashesOf(1)
  group.add(32, filterOf(hashes))
  group.add(33, filterOf(hashes))
  expect(group.remove(32)).toBe(true)
  expect(hashes.every((hash) => group.maybe(hash) === 2)).toBe(true)
  expect(group.remove(33)).toBe(false)
})
