import { expect, test } from 'bun:test'
import type { StoredRecord } from '../support/topics.ts'
import { audit, countStoredTwice } from './ledger.ts'

const sent = (key: string, n: number) => ({ id: `${key}-${n}`, key, n })
const record = (id: string): StoredRecord => ({
  topic: 't',
  partition: 0,
  offset: '0',
  key: 'k',
  value: Buffer.alloc(0),
  headers: { ce_id: id },
})

test('a complete topic in order is clean', () => {
  const acked = [sent('a', 0), sent('b', 0), sent('a', 1)]

  expect(audit({ acked }, ['a-0', 'a-1', 'b-0'].map(record))).toEqual({
    acked: 3,
    lost: 0,
    duplicates: 0,
    inversions: 0,
  })
})

test('what was acknowledged and is not there is lost', () => {
  expect(audit({ acked: [sent('a', 0), sent('a', 1)] }, [record('a-1')]).lost).toBe(1)
})

test('every further copy is a duplicate, and none of them an inversion', () => {
  const acked = [sent('a', 0), sent('a', 1)]
  const counted = audit({ acked }, ['a-0', 'a-1', 'a-0', 'a-1'].map(record))

  expect(counted).toMatchObject({ duplicates: 2, inversions: 0 })
})

test('a first appearance before an earlier event of its key is an inversion', () => {
  const acked = [sent('a', 0), sent('a', 1), sent('b', 0)]

  expect(audit({ acked }, ['a-1', 'b-0', 'a-0'].map(record)).inversions).toBe(1)
})

test('an event that was never acknowledged counts for nothing', () => {
  expect(audit({ acked: [] }, [record('x')])).toMatchObject({ acked: 0, lost: 0, duplicates: 0 })
})

test('copies of one stored event are told apart from an event that was stored twice', () => {
  const at = (id: string, seq: string) => ({
    ...record(id),
    headers: { ce_id: id, 'inlet-seq': seq },
  })

  expect(countStoredTwice([at('a', '1'), at('a', '1'), at('b', '2')])).toBe(0)
  expect(countStoredTwice([at('a', '1'), at('b', '2'), at('a', '3'), at('a', '4')])).toBe(1)
})
