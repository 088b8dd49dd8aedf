/** JSON Web Tokens (RFC 7515, 7519) that bind a request. */
import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import type { Refused } from '../../delivery.ts'
import { GatewayError } from '../../faults/faults.ts'
import type { KeyNeeded } from '../../key-place.ts'
import type { JwtAlgorithm, JwtScheme } from '../schemes.ts'
import type { Hash } from '../values.ts'
import { verifies } from './asymmetric.ts'
import { compileClaims, type Claims } from './claims.ts'
import { fill } from './config.ts'
import { keyedHasher, type Hasher } from '../../bytes/hashing.ts'
import { equalDigests } from './hash.ts'
import {
  compilePublicKeys,
  importSpki,
  isPublicKeyText,
  type FindPublicKeys,
} from './public-key.ts'
import { splitReference } from './reference.ts'
import type { Asked } from './request.ts'
import { unproven, type CompiledScheme, type Proof, type SchemeOptions } from './scheme.ts'
import { secretKeys } from './secrets.ts'
import { decodeSignature } from './signatures.ts'
import { compileText } from './text.ts'

/** What an algorithm asks of a key; a key of another kind never verifies it. */
const ALGORITHMS = {
  HS256: { key: 'secret', hash: 'sha256' },
  HS384: { key: 'secret', hash: 'sha384' },
  HS512: { key: 'secret', hash: 'sha512' },
  RS256: { key: 'rsa', hash: 'sha256' },
  ES256: { key: 'ec', hash: 'sha256' },
  EdDSA: { key: 'ed25519', hash: null },
} as const satisfies Record<JwtAlgorithm, { readonly key: string; readonly hash: Hash | null }>

/** The parts of a token, decoded; its signature is not verified. */
interface Token {
  readonly algorithm: JwtAlgorithm
  readonly keyId: string | undefined
  readonly claims: Claims
  /** What is signed. */
  readonly text: string
  readonly signature: Uint8Array
}

/** The index of the key by which a token is signed; -1 where there is none. */
type Matches = (token: Token, request: Asked) => number | Refused | KeyNeeded

/**
 * Compiles a token scheme.
 *
 * @throws GatewayError CONFIG_INVALID where a secret is no key for any of its algorithms.
 */
export function compileJwt(scheme: JwtScheme, options: SchemeOptions): CompiledScheme {
  const read = compileText(scheme.at, options.config)
  const [, label] = splitReference(fill(scheme.at, options.config))
  const matches = compileMatches(scheme, options)
  const checkClaims = compileClaims(scheme, options)

  function check(request: Asked): Proof | Refused | KeyNeeded | undefined {
    const value = read(request)
    if (value === undefined) return undefined
    const token = readToken(scheme, value)
    if ('kind' in token) return token
    const matched = matches(token, request)
    if (typeof matched !== 'number') return matched
    if (matched === -1) return unproven('mismatch', `the token in ${label} is not signed by it`)
    const { claims } = token
    const refusal = checkClaims(claims, request)
    if (refusal !== undefined) return refusal
    // A token that ends, or that has to be new, dates its delivery.
    const { required = [], issuedWithinSeconds } = scheme.claims ?? {}
    const isDated = required.includes('exp') || issuedWithinSeconds !== undefined
    const timestamp = isDated ? String(claims['iat'] ?? claims['exp']) : undefined
    return { kind: 'proven', id: undefined, timestamp, secretIndex: matched, claims }
  }
  return { label, check }
}

function readToken(scheme: JwtScheme, value: string): Token | Refused {
  const text = withoutPrefix(scheme, value)
  const parts = text.split('.')
  const [header = '', payload = '', signature = ''] = parts
  const head = decodeObject(header)
  const claims = decodeObject(payload)
  const bytes = decodeSignature(signature, 'base64url')
  if (head === undefined || claims === undefined || bytes === undefined || parts.length !== 3) {
    return unproven('bad_encoding', 'it is not a signed token')
  }
  const algorithm = scheme.algorithms.find((each) => each === head['alg'])
  // `crit` names extensions without which the token does not mean what it says: we have none.
  if (algorithm === undefined || 'crit' in head) {
    return unproven('wrong_algorithm', 'the token names an algorithm that is not allowed')
  }
  const keyId = typeof head['kid'] === 'string' ? head['kid'] : undefined
  return { algorithm, keyId, claims, text: `${header}.${payload}`, signature: bytes }
}

function withoutPrefix({ prefix = '', isPrefixOptional }: JwtScheme, value: string): string {
  if (value.startsWith(prefix)) return value.slice(prefix.length)
  return isPrefixOptional === true ? value : ''
}

function decodeObject(part: string): Claims | undefined {
  const bytes = decodeSignature(part, 'base64url')
  if (bytes === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Claims) : undefined
  } catch {
    return undefined
  }
}

function compileMatches(scheme: JwtScheme, options: SchemeOptions): Matches {
  if (scheme.secret === undefined) return compilePublished(scheme, options)
  const keys = options.secrets.map((secret) => compileSecret(scheme, secret))
  return (token) => {
    let matched = -1
    for (const [index, verifiesToken] of keys.entries()) {
      const isSigned = verifiesToken(token)
      if (isSigned && matched === -1) matched = index
    }
    return matched
  }
}

function compilePublished({ key, algorithms }: JwtScheme, options: SchemeOptions): Matches {
  if (key === undefined) return () => -1
  const finders = new Map<JwtAlgorithm, FindPublicKeys>()
  for (const algorithm of algorithms) {
    const { key: kind } = ALGORITHMS[algorithm]
    if (kind !== 'secret') finders.set(algorithm, compilePublicKeys(key, kind, options))
  }
  return (token, request) => {
    const found = finders.get(token.algorithm)?.(request, token.keyId) ?? { kind: 'unknown' }
    if (found.kind === 'unknown') return unproven('unknown_key', 'the key is not known')
    if (found.kind !== 'found') return found
    return found.keys.findIndex((each) => verifiesAsymmetric(each, token))
  }
}

/** A secret verifies either HS tokens, or, where it is a public key, those of that key. */
function compileSecret(scheme: JwtScheme, secret: string): (token: Token) => boolean {
  const isPublic = isPublicKeyText(secret)
  const publicKey = isPublic ? importSpki(secret) : undefined
  const kind = isPublic ? publicKey?.asymmetricKeyType : 'secret'
  const own = scheme.algorithms.filter((algorithm) => ALGORITHMS[algorithm].key === kind)
  if (own.length === 0) {
    throw new GatewayError('CONFIG_INVALID', `a secret is no key for ${scheme.algorithms.join()}`)
  }
  if (publicKey !== undefined) return (token) => verifiesAsymmetric(publicKey, token)
  const [key] = scheme.secret === undefined ? [] : secretKeys(scheme.secret, [secret])
  const keyed = new Map<JwtAlgorithm, () => Hasher>()
  for (const algorithm of own) {
    const { hash } = ALGORITHMS[algorithm]
    if (hash !== null && key !== undefined) keyed.set(algorithm, keyedHasher(hash, key))
  }
  return ({ algorithm, text, signature }) => {
    const hasher = keyed.get(algorithm)?.()
    hasher?.update(text)
    return hasher !== undefined && equalDigests(hasher.digest(), signature)
  }
}

function verifiesAsymmetric(key: KeyObject, { algorithm, text, signature }: Token): boolean {
  const { key: kind, hash } = ALGORITHMS[algorithm]
  if (key.asymmetricKeyType !== kind) return false
  if (kind === 'ec' && key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false
  // In a token, an ECDSA signature is r and s side by side, not DER.
  const form = kind === 'ec' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key
  return verifies(hash, Buffer.from(text), form, signature)
}
