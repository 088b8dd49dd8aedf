import { Buffer } from 'node:buffer'
import { verify, type KeyObject } from 'node:crypto'
import type { AsymmetricScheme } from '../schemes.ts'
import { feed, type Message } from './message.ts'
import { compilePublicKeys, type KeyKind } from './public-key.ts'
import { unproven, type CompiledScheme, type SchemeOptions } from './scheme.ts'
import { compileSigned, type Matcher } from './signed.ts'

const KEY_KIND = { ed25519: 'ed25519', ecdsa: 'ec', rsa: 'rsa' } as const satisfies Record<
  AsymmetricScheme['kind'],
  KeyKind
>

/** Compiles a scheme with a public key. */
export function compileAsymmetric(
  scheme: AsymmetricScheme,
  options: SchemeOptions,
): CompiledScheme {
  const kind = KEY_KIND[scheme.kind]
  const findKeys = compilePublicKeys(scheme.key, kind, options)
  const hash = scheme.kind === 'ed25519' ? null : scheme.hash
  const matches: Matcher = (message, signatures, request) => {
    const found = findKeys(request)
    if (found.kind === 'unknown') return unproven('unknown_key', 'the key is not known')
    if (found.kind !== 'found') return found
    const bytes = messageBytes(message)
    // The first match may end it: the keys are public, so the time it takes tells nothing.
    return found.keys.findIndex(
      (key) =>
        key.asymmetricKeyType === kind &&
        signatures.some((signature) => verifies(hash, bytes, key, signature.bytes)),
    )
  }
  return compileSigned(scheme, matches, options)
}

/** What is not even a signature, an ECDSA one that is no DER, makes some implementations throw. */
export function verifies(
  hash: string | null,
  message: Uint8Array,
  key: KeyObject | { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' },
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, message, key, signature)
  } catch {
    return false
  }
}

/** The signed text in one piece. */
export function messageBytes(message: Message): Uint8Array {
  const pieces: Uint8Array[] = []
  feed(message, {
    update: (data) => pieces.push(typeof data === 'string' ? Buffer.from(data) : data),
  })
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}
