import { assert } from '../../assert.ts'
import { Hash } from '../values.ts'
import type { DigestScheme, HmacScheme, SecretForm, SignatureSource } from '../schemes.ts'
import { setting, type RowConfig } from './config.ts'
import { keyedHasher, plainHasher, type Hasher } from '../../bytes/hashing.ts'
import { equalDigests } from './hash.ts'
import { feed, type Message } from './message.ts'
import type { Mac } from './request.ts'
import type { CompiledScheme, SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'
import { encodeSignature } from './signatures.ts'
import { compileSigned, type Matcher, type Signature } from './signed.ts'

/**
 * Compiles an HMAC scheme. One MAC a secret, hash and delivery, compared with every signature that
 * was sent.
 */
export function compileHmac(scheme: HmacScheme, options: SchemeOptions): CompiledScheme {
  const keys = secretKeys(scheme.secret, options.secrets)
  const hashes = hashesOf(scheme, options.config)
  const keyed = keys.flatMap((key, index) =>
    hashes.map((hash) => ({ index, hash, start: keyedHasher(hash, key) })),
  )
  const isSelective = scheme.paired === true || hashes.length > 1
  const matches: Matcher = (message, signatures) => {
    let matched = -1
    // No early end: how long it takes must not tell which secret, or which signature, was the
    // right one.
    for (const key of keyed) {
      const own = isSelective ? signatures.filter((each) => belongs(scheme, each, key)) : signatures
      if (own.length === 0) continue
      const isEqual = isAny(own, digestOf(key.start(), message))
      if (isEqual && matched === -1) matched = key.index
    }
    return matched
  }
  return compileSigned(scheme, matches, options)
}

/** Whether a signature can be one of this key: of the hash that it names, and of its own place. */
function belongs(
  { paired }: HmacScheme,
  { hash, place }: Signature,
  key: { readonly index: number; readonly hash: Hash },
): boolean {
  return (hash ?? key.hash) === key.hash && (paired !== true || place === key.index)
}

/** Compiles a plain hash of a text that the secret is a part of. */
export function compileDigest(scheme: DigestScheme, options: SchemeOptions): CompiledScheme {
  const keys = secretKeys(scheme.secret, options.secrets)
  const hash = setting(Hash, scheme.hash, options.config)
  const matches: Matcher = (message, signatures) => {
    let matched = -1
    for (const [index, key] of keys.entries()) {
      const isEqual = isAny(signatures, digestOf(plainHasher(hash), message, key))
      if (isEqual && matched === -1) matched = index
    }
    return matched
  }
  return compileSigned(scheme, matches, options)
}

function digestOf(hasher: Hasher, message: Message, secret?: Uint8Array): Uint8Array {
  feed(message, hasher, secret)
  return hasher.digest()
}

/** Compares with all of them, whether or not one has matched. */
function isAny(signatures: readonly Signature[], digest: Uint8Array): boolean {
  let found = false
  for (const { bytes } of signatures) {
    const isEqual = equalDigests(digest, bytes)
    found ||= isEqual
  }
  return found
}

/** The hashes of a scheme: one, or all that its signatures may name. */
export function hashesOf({ hash, signatures }: HmacScheme, config: RowConfig): readonly Hash[] {
  if (hash !== 'fromSignature') return [setting(Hash, hash, config)]
  return [...new Set(signatures.flatMap(allowed))]
}

function allowed(source: SignatureSource): readonly Hash[] {
  return source.format === 'algorithm' ? source.allow : []
}

/** Compiles the MAC of a text under one secret. */
export function hmacText(hash: Hash, form: SecretForm, secret: string): Mac {
  const [key] = secretKeys(form, [secret])
  assert(key !== undefined, 'one secret is one key')
  const start = keyedHasher(hash, key)
  return (text, encoding) => {
    const hasher = start()
    hasher.update(text)
    return encodeSignature(hasher.digest(), encoding)
  }
}
