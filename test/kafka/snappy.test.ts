import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { compressSync, uncompressSync } from 'snappy'
import { unpackSnappy } from '../../src/kafka/snappy.ts'
import { changed, repetitive } from './packed.ts'

const BYTES_MAX = 1024 * 1024

/** As Java's producers write it. */
function inBlocks(blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from('82534e41505059000000000100000001', 'hex')
  const each = blocks.flatMap((block) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return [length, block]
  })
  return Buffer.concat([header, ...each])
}

function bytesOf(...parts: readonly (string | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)))
}

test('unpacks what the library of others has packed, raw and in blocks', () => {
  fc.assert(
    fc.property(fc.array(repetitive, { maxLength: 4 }), (parts) => {
      const packed = parts.map((part) => compressSync(part))
      for (const [at, part] of packed.entries()) {
        expect(unpackSnappy(part, BYTES_MAX)).toEqual(parts[at] as Buffer)
      }
      expect(unpackSnappy(inBlocks(packed), BYTES_MAX)).toEqual(Buffer.concat(parts))
    }),
  )
})

test('unpacks every kind of element', () => {
  const near = bytesOf([9, 4], 'ab', [0b000_011_01, 2])
  expect(String(unpackSnappy(near, 9))).toBe('ababababa')
  const far = bytesOf([8, 4], 'ab', [(5 << 2) | 2, 1, 0])
  expect(String(unpackSnappy(far, 8))).toBe('abbbbbbb')
  const farthest = bytesOf([5, 4], 'ab', [(2 << 2) | 3, 2, 0, 0, 0])
  expect(String(unpackSnappy(farthest, 5))).toBe('ababa')
  for (const bytes of [1, 2, 3, 4]) {
    const long = bytesOf(
      [100, (59 + bytes) << 2, 99, ...new Uint8Array(bytes - 1)],
      'x'.repeat(100),
    )
    expect(String(unpackSnappy(long, 100))).toBe('x'.repeat(100))
  }
})

test('refuses what is not whole, and reads nothing beside it', () => {
  const cases: readonly (readonly [string, Buffer])[] = [
    ['it ends too early', bytesOf([])],
    ['it ends too early', bytesOf([5, 4 << 2], 'abc')],
    ['it ends too early', bytesOf([9, 61 << 2, 99])],
    ['it ends too early', inBlocks([bytesOf([5, 4 << 2], 'abc')])],
    ['it ends too early', Buffer.concat([inBlocks([]), Buffer.from([0, 0, 0])])],
    ['it ends too early', Buffer.concat([inBlocks([]), Buffer.from([0, 0, 0, 9, 1])])],
    ['it repeats what is not there', bytesOf([9, 4], 'ab', [0b000_011_01, 3])],
    ['it repeats what is not there', bytesOf([9, 4], 'ab', [0b000_011_01, 0])],
    ['it is longer than it may be', bytesOf([8, 4], 'ab', [0b000_011_01, 2])],
    ['it is longer than it may be', bytesOf([1, 4], 'ab')],
    ['it has fewer bytes than it says', bytesOf([3, 4], 'ab')],
    ['its size has more than 32 bits', bytesOf([0xff, 0xff, 0xff, 0xff, 0xff, 1])],
    ['it has 4294967295 bytes, more than 9', bytesOf([0xff, 0xff, 0xff, 0xff, 0x0f])],
    [
      'it has 10 bytes, more than 9',
      inBlocks([bytesOf([5, 16], 'abcde'), bytesOf([5, 16], 'abcde')]),
    ],
  ]
  for (const [reason, packed] of cases) {
    expect(() => unpackSnappy(packed, 9)).toThrow(new RangeError(reason))
  }
})

test('makes of damaged bytes what the library of others makes of them, or nothing', () => {
  fc.assert(
    fc.property(changed(compressSync), (packed) => {
      let own: Buffer | undefined
      try {
        own = unpackSnappy(packed, BYTES_MAX)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        if (String(error).includes('more than')) return
      }
      let theirs: unknown
      try {
        theirs = uncompressSync(packed)
      } catch {
        theirs = undefined
      }
      expect(own).toEqual(theirs as Buffer | undefined)
    }),
    { numRuns: 2_000 },
  )
})
