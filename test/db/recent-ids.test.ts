import { expect, test } from 'bun:test'
import { RecentIds } from '../../db/recent-ids.ts'

test('seqs are found by their hash, also where slots and whole hashes collide', () => {
  const ids = new RecentIds(8)
  // All of these start at the same slot.
  for (const [at, hash] of [16, 32, 16, 2 ** 40 + 16].entries()) ids.add(hash, at + 1)
  expect(ids.find(16)).toEqual([1, 3])
  expect(ids.find(2 ** 40 + 16)).toEqual([4])
  expect(ids.find(48)).toEqual([])
})

test('it grows beyond what it was made for', () => {
  const ids = new RecentIds(4)
  for (let seq = 1; seq <= 1_000; seq += 1) ids.add(seq * 7919, seq)
  expect(ids.length).toBe(1_000)
  for (let seq = 1; seq <= 1_000; seq += 1) expect(ids.find(seq * 7919)).toEqual([seq])
})

test('a seq that comes again takes the place of what was rolled back', () => {
  const ids = new RecentIds(8)
  for (const seq of [1, 2, 3, 4]) ids.add(100 + seq, seq)
  ids.add(999, 3)
  expect(ids.length).toBe(3)
  expect([102, 103, 104, 999].map((hash) => ids.find(hash))).toEqual([[2], [], [], [3]])
})
