/** Compares what was hashed: no code of a provider compares in a way of its own. */
import { timingSafeEqual } from 'node:crypto'
import { digestOf } from '../../bytes/hashing.ts'

/** Whether two digests are the same, in a time that does not depend on where they differ. */
export function equalDigests(a: Uint8Array, b: Uint8Array): boolean {
  // timingSafeEqual throws on a difference in length, and a digest's length is no secret.
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Whether two texts are the same, in a time that tells neither where they differ nor how long. */
export function equalTexts(a: string, b: string): boolean {
  return equalDigests(digestOf(a), digestOf(b))
}
