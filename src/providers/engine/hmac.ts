import { assert } from '../../assert.ts'
import { Hash, type HmacScheme } from '../row.ts'
import { setting, type RowConfig } from './config.ts'
import { equalDigests, keyedHasher } from './hash.ts'
import type { CompiledScheme, SchemeOptions } from './scheme.ts'
import type { Mac } from './request.ts'
import { secretKeys } from './secrets.ts'
import { encodeSignature } from './signatures.ts'
import { compileSigned } from './signed.ts'

/**
 * Compiles an HMAC scheme. One MAC a secret and delivery, compared with every signature that was
 * sent.
 */
export function compileHmac(scheme: HmacScheme, options: SchemeOptions): CompiledScheme {
  const hash = setting(Hash, scheme.hash, options.config)
  const keyed = secretKeys(scheme, options.secrets).map((key) => keyedHasher(hash, key))
  return compileSigned(
    scheme,
    (message, parts, signatures) => {
      let matched: number | undefined
      // No early end: how long it takes must not tell which secret, or which signature, was the
      // right one.
      for (const [index, start] of keyed.entries()) {
        const hasher = start()
        message(parts, hasher)
        const digest = hasher.digest()
        for (const signature of signatures) {
          const isEqual = equalDigests(digest, signature)
          matched ??= isEqual ? index : undefined
        }
      }
      return matched
    },
    options,
  )
}

/** Compiles the MAC of a text under one secret, with the hash of the scheme. */
export function hmacText(scheme: HmacScheme, secret: string, config: RowConfig): Mac {
  const hash = setting(Hash, scheme.hash, config)
  const starts = secretKeys(scheme, [secret]).map((key) => keyedHasher(hash, key))
  return (text, encoding) => {
    const [start] = starts
    assert(start !== undefined, 'one secret is one key')
    const hasher = start()
    hasher.update(text)
    return encodeSignature(hasher.digest(), encoding)
  }
}
