import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { unpackLz4 } from '../../src/kafka/lz4.ts'
import { changed, repetitive } from './packed.ts'

const BYTES_MAX = 1024 * 1024
const MAGIC = [0x04, 0x22, 0x4d, 0x18]
/** Magic, flags, sizes and the checksum of these. */
const HEADER_BYTES = 7
const END = [0, 0, 0, 0]

/** What a frame is made of; `flags` say which of its optional parts there are. */
interface Frame {
  readonly flags?: number
  /** Behind the flags and the size of blocks. */
  readonly optional?: readonly number[]
  readonly size?: number
  /** Each with its length and, if there are any, checksum. */
  readonly blocks: readonly (readonly number[])[]
}

function frameOf({ flags = 0x60, optional = [], size = 0x40, blocks }: Frame): Buffer {
  return Buffer.from([...MAGIC, flags, size, ...optional, 0, ...blocks.flat()])
}

function ascii(text: string): number[] {
  return [...Buffer.from(text)]
}

/** `abc`, and then three times the same. */
const ABC = [0x35, ...ascii('abc'), 3, 0, 0x10, ...ascii('!')]
const ABC_BLOCK = [ABC.length, 0, 0, 0, ...ABC]

test('unpacks what the library of others has packed', () => {
  fc.assert(
    fc.property(repetitive, (bytes) => {
      expect(unpackLz4(compressFrameSync(bytes), BYTES_MAX)).toEqual(bytes)
    }),
  )
})

test('unpacks frames with all that a frame may have', () => {
  const [text, sum] = ['abcabcabcabc!', [1, 2, 3, 4]]
  const eight = [13, 0, 0, 0, 0, 0, 0, 0]
  const cases: readonly (readonly [string, Frame])[] = [
    ['', { blocks: [END] }],
    [text, { blocks: [ABC_BLOCK, END] }],
    [text, { blocks: [ABC_BLOCK, END], size: 0x70 }],
    [text, { blocks: [ABC_BLOCK, END], flags: 0x68, optional: eight }],
    [text + text, { blocks: [ABC_BLOCK, sum, ABC_BLOCK, sum, END], flags: 0x70 }],
    [text, { blocks: [ABC_BLOCK, END, sum], flags: 0x64 }],
    // One that is not compressed, and one that repeats what is in it.
    [
      'xyzxyzx!',
      {
        blocks: [[3, 0, 0, 128, ...ascii('xyz')], [5, 0, 0, 0, 0x00, 3, 0, 0x10, 0x21], END],
        flags: 0x40,
      },
    ],
  ]
  for (const [expected, frame] of cases) {
    expect(String(unpackLz4(frameOf(frame), 30))).toBe(expected)
  }
})

test('refuses what is not whole, and reads nothing beside it', () => {
  const block = (...bytes: readonly number[]) => [[bytes.length, 0, 0, 0, ...bytes], END]
  const cases: readonly (readonly [string, Buffer])[] = [
    ['it ends too early', Buffer.alloc(0)],
    ['it is no frame', frameOf({ blocks: [END] }).fill(5, 3, 4)],
    ['it is of another version', frameOf({ blocks: [END], flags: 0xa0 })],
    ['it needs a dictionary', frameOf({ blocks: [END], flags: 0x61 })],
    ['its blocks are of no known size', frameOf({ blocks: [END], size: 0x30 })],
    ['it ends too early', frameOf({ blocks: [ABC_BLOCK] })],
    ['it ends too early', frameOf({ blocks: [ABC_BLOCK.with(0, 20), END] })],
    ['it ends too early', frameOf({ blocks: [ABC_BLOCK, END], flags: 0x70 })],
    ['it ends too early', frameOf({ blocks: block(0x40, ...ascii('abc')) })],
    ['it ends too early', frameOf({ blocks: block(0xf0, 255, 255) })],
    ['it ends too early', frameOf({ blocks: block(0x10, ...ascii('a'), 1) })],
    ['it repeats what is not there', frameOf({ blocks: block(0x10, ...ascii('a'), 2, 0) })],
    ['it repeats what is not there', frameOf({ blocks: block(0x10, ...ascii('a'), 0, 0) })],
    ['it is longer than it may be', frameOf({ blocks: [ABC_BLOCK, ABC_BLOCK, ABC_BLOCK, END] })],
    ['it is longer than it may be', frameOf({ blocks: block(0x1f, 1, 1, 0, 255, 255, 255, 1) })],
  ]
  for (const [reason, packed] of cases) {
    expect(() => unpackLz4(packed, 30)).toThrow(new RangeError(reason))
  }
})

test('makes of damaged bytes what the library of others makes of them, or nothing', () => {
  fc.assert(
    // Of the header it compares a checksum that is passed over here.
    fc.property(changed(compressFrameSync, HEADER_BYTES), (packed) => {
      let theirs: Buffer | undefined
      try {
        theirs = decompressFrameSync(packed)
      } catch {
        theirs = undefined
      }
      let own: Buffer | undefined
      try {
        own = unpackLz4(packed, BYTES_MAX)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        // A frame without an end is whole to the library.
        if (String(error).includes('it ends too early')) return
      }
      if (theirs !== undefined) expect(own).toEqual(theirs)
    }),
    { numRuns: 2_000 },
  )
})
