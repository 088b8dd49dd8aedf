import { digestOf } from './bytes/hashing.ts'
import type { Router } from './route.ts'

/** A configured first party: how it proves itself at `POST /events`, and where its events go. */
export interface Caller {
  readonly name: string
  /** SHA-256 of each of its tokens; the tokens themselves are not kept. */
  readonly tokenHashes: readonly Uint8Array[]
  /** The handler file, or undefined where configuration alone defines the caller. */
  readonly file: string | undefined
  readonly route: Router
}

/** The hash by which a token is compared. */
export function hashToken(token: string): Uint8Array {
  return digestOf(token)
}
