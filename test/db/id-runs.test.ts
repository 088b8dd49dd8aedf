import { expect, test } from 'bun:test'
import { hash53 } from '../../db/hash.ts'
import { openIdRuns, openRunReader, OUTSIDE_MAX } from '../../db/id-runs.ts'
import type { Ids } from '../../db/recent-ids.ts'
import { openDbWorld, type DbWorld } from './world.ts'

/** What is stored of a hash leaves out its lowest 12 bits. */
const UNSTORED = 2 ** 12

/** Runs of random ids, and the seqs of each by what is stored of its hash. */
function randomRuns(sizes: readonly number[]) {
  const model = new Map<number, number[]>()
  const hashes: number[] = []
  let seq = 1_000_000_000_000
  const runs = sizes.map((size, run): Ids => {
    const ids = { hashes: new Float64Array(size), seqs: new Float64Array(size) }
    for (let at = 0; at < size; at += 1) {
      const random = hash53(`${run}:${at}`)
      // One of eight is there already, or differs from one in what is not stored.
      const known = hashes[random % (hashes.length + 1)] ?? random
      const hash = random % 8 !== 0 ? random : known - (known % UNSTORED) + (random % UNSTORED)
      // Several ids may name one event.
      if (random % 3 !== 0) seq += 1
      hashes.push(hash)
      ids.hashes[at] = hash
      ids.seqs[at] = seq
      const stored = Math.floor(hash / UNSTORED)
      model.set(stored, [...(model.get(stored) ?? []), seq])
    }
    seq += 1
    return ids
  })
  const find = (hash: number) => model.get(Math.floor(hash / UNSTORED)) ?? []
  return { runs, hashes, find }
}

function writeRuns({ database }: DbWorld, runs: readonly Ids[]) {
  const idRuns = openIdRuns(database)
  for (const ids of runs) {
    const run = idRuns.begin(ids)
    while (!run.step());
  }
  return idRuns
}

const ascending = (seqs: readonly number[]) => seqs.toSorted((a, b) => a - b)

test('random ids are found as in a map, however many runs are in the tables', async () => {
  await using world = await openDbWorld()
  const { runs, hashes, find } = randomRuns([1, 40, 9_000, 2, 5_000])
  const written = writeRuns(world, runs)
  const [none, two, all] = [0, 2, Infinity].map((runsMax) => {
    const idRuns = openIdRuns(world.database)
    for (let run = 0; run < runsMax && idRuns.takeIn(); run += 1);
    return idRuns
  })
  const reader = openRunReader(world.database)
  const list = reader.list()
  expect(none?.seqLast).toBe(runs.at(-1)?.seqs.at(-1) ?? 0)
  const unknown = Array.from({ length: 10_000 }, (_, index) => hash53(`unknown ${index}`))
  const wrong = [...hashes, ...unknown].filter((hash) => {
    const expected = ascending(find(hash)).join()
    const read = list.flatMap((run) => [...reader.find(run, hash)])
    const found = [written, none, two, all].map((idRuns) => idRuns?.find(hash) ?? [])
    return [...found, read].some((seqs) => ascending(seqs).join() !== expected)
  })
  expect(wrong).toEqual([])
  expect(unknown.flatMap(find)).toEqual([])
})

test('where a start has found many runs, no commit waits for a quiet moment to take one in', async () => {
  await using world = await openDbWorld()
  writeRuns(world, randomRuns(Array.from({ length: OUTSIDE_MAX + 3 }, () => 1)).runs)
  const idRuns = openIdRuns(world.database)
  for (let commit = 0; commit < 10; commit += 1) idRuns.takeInNew()
  let left = 0
  while (idRuns.takeIn()) left += 1
  expect(left).toBe(OUTSIDE_MAX)
})

test.each([0, 1, 2])(
  'with %p runs in the tables, ids are answered from whole to dropped',
  async (runsIn) => {
    await using world = await openDbWorld()
    const { runs, hashes } = randomRuns([4_000, 4_000])
    const idRuns = openIdRuns(world.database)
    const known = () => hashes.filter((hash) => idRuns.find(hash).length > 0).length
    for (const ids of runs) {
      const before = known()
      const run = idRuns.begin(ids)
      for (let step = 1; step <= 3; step += 1) {
        expect(run.step()).toBe(false)
        expect(known()).toBe(before)
      }
      expect(run.step()).toBe(true)
    }
    for (let run = 0; run < runsIn; run += 1) expect(idRuns.takeIn()).toBe(true)
    expect(known()).toBe(hashes.length)
    expect(idRuns.dropOldest(world.database.lifetime.nowMs() + 1)).toEqual({ ids: 4_000 })
    expect(known()).toBeLessThan(hashes.length)
    expect(idRuns.takeIn()).toBe(runsIn < 2)
    expect(idRuns.takeIn()).toBe(false)
    for (const hash of hashes.slice(4_000)) expect(idRuns.find(hash).length).toBeGreaterThan(0)
    expect(idRuns.dropOldest(world.database.lifetime.nowMs() + 1)).toEqual({ ids: undefined })
  },
)
