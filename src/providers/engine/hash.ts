/** Hashes, and compares what was hashed: no code of a provider compares in a way of its own. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Hash } from '../values.ts'

/** Takes data in pieces. Strings count as UTF-8. */
export interface Sink {
  update(data: string | Uint8Array): unknown
}

export interface Hasher extends Sink {
  digest(): Uint8Array
}

/**
 * Prepares an HMAC key once; each call of what it returns starts a MAC with it.
 * Bun can copy a keyed hasher, which saves the key schedule; elsewhere (Workers, Deno) each MAC
 * starts from the key.
 */
export function keyedHasher(hash: Hash, key: Uint8Array): () => Hasher {
  if (typeof Bun === 'undefined') return () => createHmac(hash, key)
  const keyed = new Bun.CryptoHasher(hash, key)
  return () => keyed.copy()
}

/** A hash without a key. */
export function plainHasher(hash: Hash): Hasher {
  return typeof Bun === 'undefined' ? createHash(hash) : new Bun.CryptoHasher(hash)
}

/** A SHA-256 without a key. */
export function sha256(): Hasher {
  return plainHasher('sha256')
}

/** Whether two digests are the same, in a time that does not depend on where they differ. */
export function equalDigests(a: Uint8Array, b: Uint8Array): boolean {
  // timingSafeEqual throws on a difference in length, and a digest's length is no secret.
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Whether two texts are the same, in a time that tells neither where they differ nor how long. */
export function equalTexts(a: string, b: string): boolean {
  return equalDigests(digestOf(a), digestOf(b))
}

/** The SHA-256 of a text or bytes: what is compared where the length must not show either. */
export function digestOf(data: string | Uint8Array): Uint8Array {
  const hasher = sha256()
  hasher.update(data)
  return hasher.digest()
}
