import { assert } from '../src/assert.ts'
import type { Ids } from './recent-ids.ts'

/** A look-up in a run reads one slice of it: 64 ids, 0.5 KiB, within a page. A power of two. */
export const SLICES_PER_RUN = 512
const SLICE_BITS = 9

/** A slice is chosen by the highest 9 of the 53 bits of a hash. */
const BELOW_SLICE = 2 ** 53 / SLICES_PER_RUN

/** And it holds the 32 bits that follow. */
const BELOW_WORD = BELOW_SLICE / 2 ** 32

/** What id-table.ts looks at. */
export const PREFIX_BITS = 31

/** Each id's word of its hash; then for each, how far below the last of the run its seq is. */
export type Slice = Uint32Array

export const BYTES_PER_ID = 2 * Uint32Array.BYTES_PER_ELEMENT

export function sliceOf(hash: number): number {
  return Math.floor(hash / BELOW_SLICE)
}

/** The slices of a run that ends with this seq. */
export function cut({ hashes, seqs }: Ids, seqLast: number): readonly Slice[] {
  const counts = new Uint32Array(SLICES_PER_RUN)
  for (const hash of hashes) counts[sliceOf(hash)] = (counts[sliceOf(hash)] ?? 0) + 1
  const slices = Array.from(counts, (count) => new Uint32Array(2 * count))
  for (let index = hashes.length - 1; index >= 0; index -= 1) {
    const hash = hashes[index] ?? 0
    const at = (counts[sliceOf(hash)] ?? 0) - 1
    const words = slices[sliceOf(hash)]
    assert(words !== undefined, 'a hash has 53 bits')
    counts[sliceOf(hash)] = at
    words[at] = wordOf(hash)
    words[countIn(words) + at] = seqLast - (seqs[index] ?? 0)
  }
  return slices
}

/** The upper bits of a hash, a positive number. */
export function prefixOf(hash: number): number {
  return (hash / 2 ** (53 - PREFIX_BITS)) | 0
}

/** The same of an id in a slice, by its word. */
export function prefixIn(slice: number, word: number): number {
  return (slice << (PREFIX_BITS - SLICE_BITS)) | (word >>> (SLICE_BITS + 32 - PREFIX_BITS))
}

/** How many ids are in a slice. */
export function countIn(words: Slice): number {
  return words.length >>> 1
}

/** The seqs of a hash in its slice. */
export function seqsIn(words: Slice, hash: number, seqLast: number): readonly number[] {
  const found: number[] = []
  const count = countIn(words)
  for (let at = words.indexOf(wordOf(hash)); at !== -1 && at < count;) {
    found.push(seqLast - (words[count + at] ?? 0))
    at = words.indexOf(wordOf(hash), at + 1)
  }
  return found
}

/** What is stored of a slice, read. */
export function decode(bytes: Uint8Array): Slice {
  // Words have to be aligned. So are the bytes that bun:sqlite gives.
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(buffer, byteOffset, length / Uint32Array.BYTES_PER_ELEMENT)
}

export function encode(words: Slice): Uint8Array {
  return new Uint8Array(words.buffer)
}

function wordOf(hash: number): number {
  return (hash / BELOW_WORD) >>> 0
}
