import { expect, test } from 'bun:test'
import { hash53 } from '../../db/hash.ts'

// Stored with every event and in every run: were it another one, redeliveries would be new events.
test('the hash stays what it was', () => {
  expect(hash53('evt_1')).toBe(947_659_121_169_549)
  expect(hash53('evt_1', 7n)).toBe(2_812_744_736_028_113)
  expect(hash53(new Uint8Array())).toBe(1_929_880_503_118_233)
})
