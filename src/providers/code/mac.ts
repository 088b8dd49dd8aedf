import { keyedHasher } from '../../bytes/hashing.ts'
import { equalDigests } from '../engine/hash.ts'
import type { Hash } from '../values.ts'

/**
 * The index of the first key whose MAC of the pieces, one after the other, is among the signatures.
 * `undefined`: of none.
 */
export type MacMatcher = (
  pieces: readonly (string | Uint8Array)[],
  signatures: readonly Uint8Array[],
) => number | undefined

/** Prepares the keys once. There is no early end: the time it takes names neither key nor match. */
export function macMatcher(hash: Hash, keys: readonly Uint8Array[]): MacMatcher {
  const keyed = keys.map((key) => keyedHasher(hash, key))
  return (pieces, signatures) => {
    let matched: number | undefined
    for (const [index, start] of keyed.entries()) {
      const hasher = start()
      for (const piece of pieces) hasher.update(piece)
      const digest = hasher.digest()
      for (const signature of signatures) {
        const isEqual = equalDigests(digest, signature)
        matched ??= isEqual ? index : undefined
      }
    }
    return matched
  }
}

/** The MAC of the pieces, one after the other: for a sample. */
export function macOf(
  hash: Hash,
  key: Uint8Array,
  pieces: readonly (string | Uint8Array)[],
): Buffer {
  const hasher = keyedHasher(hash, key)()
  for (const piece of pieces) hasher.update(piece)
  return Buffer.from(hasher.digest())
}
