import { describe, expect, test } from 'bun:test'
import { murmur2, partitionOf } from '../../src/kafka/murmur2.ts'

describe('murmur2', () => {
  // The vectors of org.apache.kafka.common.utils.UtilsTest.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %p is what Java says', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })

  test('reads bytes, not the buffer behind them', () => {
    const buffer = Buffer.from('xfoobarx')
    expect(murmur2(buffer.subarray(1, 7))).toBe(-790332482)
  })
})

test('a partition is never negative, and an empty key has one', () => {
  expect(partitionOf(Buffer.from('21'), 12)).toBe((-973932308 & 0x7fffffff) % 12)
  expect(partitionOf(Buffer.alloc(0), 12)).toBe((murmur2(Buffer.alloc(0)) & 0x7fffffff) % 12)
})
