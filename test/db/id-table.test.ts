import { expect, test } from 'bun:test'
import { hash53 } from '../../db/hash.ts'
import { cut } from '../../db/id-slices.ts'
import { IdTables } from '../../db/id-table.ts'

const IDS = 32_768

function hashesOf(run: number, ids: number): Float64Array {
  return Float64Array.from({ length: ids }, (_, index) => hash53(`${run}:${index}`))
}

function add(tables: IdTables, run: number, hashes: Float64Array): void {
  tables.add(run, cut({ hashes, seqs: new Float64Array(hashes.length) }, 0))
}

/** Tables with so many runs, the first of them 1. */
function fill({ runs, ids }: { runs: number; ids: number }): IdTables {
  const tables = new IdTables()
  for (let run = 1; run <= runs; run += 1) add(tables, run, hashesOf(run, ids))
  return tables
}

const knows = (tables: IdTables, run: number, hashes: Float64Array) =>
  hashes.every((hash) => tables.runsOf(hash).includes(run))

test('every id leads to its run, and hardly any to another', () => {
  const runs = 30
  const tables = fill({ runs, ids: IDS })
  for (const run of [1, 24, 25, 30]) expect(knows(tables, run, hashesOf(run, IDS))).toBe(true)
  const unknown = hashesOf(99, IDS).filter((hash) => tables.runsOf(hash).length > 0)
  expect(unknown.length).toBeLessThan((1.2 * IDS * runs) / 24 / 240)
})

test('each of many small runs is told from the others', () => {
  // Past what fits in the bits of a slot, three times.
  const tables = fill({ runs: 300, ids: 8 })
  for (let run = 1; run <= 300; run += 1) {
    const hashes = hashesOf(run, 8)
    expect(knows(tables, run, hashes)).toBe(true)
    expect([...hashes].flatMap((hash) => tables.runsOf(hash))).toEqual(
      Array.from(hashes, () => run),
    )
  }
})

test('an id in several runs leads to all of them', () => {
  const tables = new IdTables()
  const hashes = hashesOf(1, IDS)
  for (const run of [7, 8]) add(tables, run, hashes)
  expect(knows(tables, 7, hashes)).toBe(true)
  expect(knows(tables, 8, hashes)).toBe(true)
})

test('what is only of dropped runs is forgotten', () => {
  const tables = fill({ runs: 40, ids: 8 })
  const hashes = hashesOf(1, 8)
  // The first 31 share a table.
  tables.keepFrom(31)
  expect(knows(tables, 1, hashes)).toBe(true)
  tables.keepFrom(32)
  expect(hashes.every((hash) => tables.runsOf(hash).length === 0)).toBe(true)
  expect(knows(tables, 40, hashesOf(40, 8))).toBe(true)
})

test('no more ids are added than there is room for', () => {
  // Three quarters of the first table's slots, evenly.
  const ids = (0.75 * 2 ** 20) / 512
  const words = Array.from({ length: ids }, (_, index) => index * Math.floor(2 ** 32 / ids))
  const slice = Uint32Array.from([...words, ...words])
  const full = Array.from({ length: 512 }, () => slice)
  new IdTables().add(1, full)
  const oneMore = [...full.slice(1), Uint32Array.from([...words, 1, ...words, 1])]
  expect(() => new IdTables().add(1, oneMore)).toThrow('a table has room for a run')
})

test('an id at the end of a table goes on at its beginning', () => {
  const tables = new IdTables()
  const last = 2 ** 53 - 1
  const hashes = Float64Array.of(last, last - 2 ** 22, last - 2 ** 23)
  add(tables, 1, hashes)
  expect(knows(tables, 1, hashes)).toBe(true)
  expect(tables.runsOf(last - 2 ** 24)).toEqual([])
})
