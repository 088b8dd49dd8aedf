import { Hash, type HmacScheme } from '../row.ts'
import { setting } from './config.ts'
import { equalDigests, keyedHasher } from './hash.ts'
import type { CompiledScheme, SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'
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
