/** JSON Web Tokens with the claims that a row asks for. */
import { Buffer } from 'node:buffer'
import { sign, type KeyObject } from 'node:crypto'
import { assert } from '../../assert.ts'
import { fill } from '../engine/config.ts'
import { keyedHasher, plainHasher } from '../../bytes/hashing.ts'
import { secretKeys } from '../engine/secrets.ts'
import { encodeSignature } from '../engine/signatures.ts'
import type { JwtAlgorithm, JwtScheme } from '../schemes.ts'
import type { Hash } from '../values.ts'
import { readPrivateKey } from './private-key.ts'
import type { Proving } from './prove.ts'

/** How long a sample's token is good for, in s. */
const VALID_S = 300

/** Puts a token where it belongs. */
export function putToken(scheme: JwtScheme, proving: Proving): void {
  const key = readPrivateKey(proving.secret)
  const algorithm = scheme.algorithms.find((each) => key === undefined || suits(each, key))
  assert(algorithm !== undefined, 'a scheme has an algorithm for a key of its kind')
  const header = encode({ alg: algorithm, typ: 'JWT' })
  const text = `${header}.${encode(claimsOf(scheme, proving))}`
  const signature = key === undefined ? macOf(scheme, text, proving) : signText(text, key)
  const token = `${text}.${Buffer.from(signature).toString('base64url')}`
  proving.draft.put(scheme.at, (scheme.prefix ?? '') + token)
}

function suits(algorithm: JwtAlgorithm, key: KeyObject): boolean {
  const kinds = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' } as const
  return Object.entries(kinds).some(
    ([kind, name]) => key.asymmetricKeyType === kind && name === algorithm,
  )
}

function macOf(scheme: JwtScheme, text: string, { secret }: Proving): Uint8Array {
  const [algorithm] = scheme.algorithms
  const [key] = secretKeys(scheme.secret ?? { from: 'utf8' }, [secret])
  assert(key !== undefined && algorithm !== undefined, 'one secret is one key')
  const hasher = keyedHasher(`sha${algorithm.slice(2)}` as Hash, key)()
  hasher.update(text)
  return hasher.digest()
}

function signText(text: string, key: KeyObject): Uint8Array {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
}

function claimsOf(scheme: JwtScheme, proving: Proving): Record<string, unknown> {
  const { config, eventId, draft, url } = proving
  const seconds = Math.floor(proving.now / 1000)
  const claims: Record<string, unknown> = {
    iat: seconds,
    nbf: seconds,
    exp: seconds + VALID_S,
    jti: eventId,
  }
  for (const [name, value] of Object.entries(scheme.claims?.equals ?? {})) {
    const [first] = [value].flat()
    claims[name] = typeof first === 'string' ? fill(first, config) : first
  }
  const { bodyClaim, urlClaim } = scheme
  if (bodyClaim !== undefined) claims[bodyClaim.name] = binding(draft.body(), bodyClaim.hash)
  if (urlClaim !== undefined) {
    claims[urlClaim.name] = binding(Buffer.from((url ?? '') + draft.query()), urlClaim.hash)
  }
  return claims
}

/** What a claim says of a text: its hash, or the text itself. */
function binding(bytes: Uint8Array, hash: NonNullable<JwtScheme['bodyClaim']>['hash']): string {
  if (hash === undefined) return Buffer.from(bytes).toString()
  const hasher = plainHasher(hash.hash)
  hasher.update(bytes)
  return encodeSignature(hasher.digest(), hash.encoding)
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
