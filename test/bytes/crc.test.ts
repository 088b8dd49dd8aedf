import { expect, test } from 'bun:test'
import { crc32, crc32c } from '../../src/bytes/crc.ts'

/** Those of RFC 3720, appendix B.4, and the usual check value. */
const VECTORS = [
  { bytes: Buffer.alloc(32), sum: 0x8a9136aa },
  { bytes: Buffer.alloc(32, 0xff), sum: 0x62a8ab43 },
  { bytes: Buffer.from(Array.from({ length: 32 }, (_, n) => n)), sum: 0x46dd794e },
  { bytes: Buffer.from(Array.from({ length: 32 }, (_, n) => 31 - n)), sum: 0x113fdb5c },
  { bytes: Buffer.from('123456789'), sum: 0xe3069283 },
  { bytes: Buffer.alloc(0), sum: 0 },
]

test.each(VECTORS)('sums up $bytes.length bytes as its RFC does', ({ bytes, sum }) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(sum)
})

test('sums up as zlib does', () => {
  for (const text of ['', 'a', '123456789', 'signed by PayPal, and longer than a step']) {
    expect(crc32(Buffer.from(text))).toBe(Bun.hash.crc32(text))
  }
})

test('sums up whatever is before a word, whole steps, and what is left behind them', () => {
  const bytes = Buffer.from(Array.from({ length: 100 }, (_, n) => (n * 167) % 251))
  for (let start = 0; start < 9; start += 1) {
    for (let end = start; end <= bytes.length; end += 1) {
      expect(crc32(bytes, start, end)).toBe(Bun.hash.crc32(bytes.subarray(start, end)))
    }
  }
})

test('sums up a part of a buffer, wherever it begins', () => {
  for (let start = 0; start < 9; start += 1) {
    const padded = Buffer.concat([Buffer.alloc(start, 1), Buffer.alloc(32), Buffer.alloc(3, 2)])
    expect(crc32c(padded, start, start + 32)).toBe(0x8a9136aa)
  }
})
