import { assert } from '../src/assert.ts'
import type { Ids } from './recent-ids.ts'

/** A look-up in a run reads one slice of it: 64 ids, 0.5 KiB, within a page. A power of two. */
export const SLICES_PER_RUN = 512

/** A slice is chosen by the highest 9 of the 53 bits of a hash. */
const BELOW_SLICE = 2 ** 53 / SLICES_PER_RUN

/** And it holds the 32 bits that follow. */
const BELOW_WORD = BELOW_SLICE / 2 ** 32

/** Each id's word of its hash; then for each, how far below the last of the run its seq is. */
type Slice = Uint32Array

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
    words[words.length / 2 + at] = seqLast - (seqs[index] ?? 0)
  }
  return slices
}

/** The hashes in a slice, without their lowest 12 bits, which are not stored. */
export function hashesIn(slice: number, words: Slice): Float64Array {
  const hashes = new Float64Array(words.length / 2)
  for (let at = 0; at < hashes.length; at += 1) {
    hashes[at] = slice * BELOW_SLICE + (words[at] ?? 0) * BELOW_WORD
  }
  return hashes
}

/** The seqs of a hash in its slice. */
export function seqsIn(words: Slice, hash: number, seqLast: number): readonly number[] {
  const found: number[] = []
  const count = words.length / 2
  for (let at = words.indexOf(wordOf(hash)); at !== -1 && at < count;) {
    found.push(seqLast - (words[count + at] ?? 0))
    at = words.indexOf(wordOf(hash), at + 1)
  }
  return found
}

/** What is stored of a slice, read. */
export function decode(bytes: Uint8Array): Slice {
  // A copy, because words have to be aligned.
  return new Uint32Array(bytes.slice().buffer)
}

export function encode(words: Slice): Uint8Array {
  return new Uint8Array(words.buffer)
}

function wordOf(hash: number): number {
  return (hash / BELOW_WORD) >>> 0
}
