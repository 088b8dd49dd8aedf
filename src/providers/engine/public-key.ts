/** Public keys: of the source's secrets, of the row, or from where the provider publishes them. */
import { Buffer } from 'node:buffer'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { unreachable } from '../../assert.ts'
import { GatewayError } from '../../faults/faults.ts'
import type { FoundKeys } from '../../key-place.ts'
import { certificatePlace } from '../keys/certificate.ts'
import { jwksPlace } from '../keys/jwks.ts'
import type { PublicKey } from '../schemes.ts'
import { decodeStrictly } from './decode.ts'
import type { Asked } from './request.ts'
import type { SchemeOptions } from './scheme.ts'
import { compileText } from './text.ts'

/** What stands before a raw ed25519 key in its DER form (RFC 8410). */
const ED25519_DER = Buffer.from('302a300506032b6570032100', 'hex')

/** An ed25519 public key, raw. */
const ED25519_BYTES = 32

/** Finds the keys that a request may be signed with; `keyId` where it names one. */
export type FindPublicKeys = (request: Asked, keyId?: string) => FoundKeys

/** The kind of a key, as node:crypto names it. */
export type KeyKind = 'ed25519' | 'ec' | 'rsa'

/**
 * Compiles where keys come from.
 *
 * @throws GatewayError CONFIG_INVALID where a secret is no key of this kind.
 */
export function compilePublicKeys(
  key: PublicKey,
  kind: KeyKind,
  options: SchemeOptions,
): FindPublicKeys {
  switch (key.from) {
    case 'secret': {
      const keys = options.secrets.map((secret) => importSecret(key, kind, secret))
      const found = { kind: 'found', keys } as const
      return () => found
    }
    case 'row': {
      const found = { kind: 'found', keys: [createPublicKey(key.pem)] } as const
      return () => found
    }
    case 'jwks': {
      const place = jwksPlace(key.url, options.source)
      return (_, keyId) => options.findKeys(place, keyId)
    }
    case 'certificate': {
      const { hosts, subject } = key
      const readUrl = compileText(key.at, options.config)
      return (request) => {
        const url = readUrl(request)
        if (url === undefined) return { kind: 'unknown' }
        return options.findKeys(certificatePlace({ url, hosts, family: options.source, subject }))
      }
    }
    default:
      return unreachable(key)
  }
}

type SecretKey = Extract<PublicKey, { from: 'secret' }>

function importSecret(key: SecretKey, kind: KeyKind, secret: string): KeyObject {
  const imported = readPublicKey(key, secret)
  if (imported?.asymmetricKeyType === kind) return imported
  throw new GatewayError('CONFIG_INVALID', `a secret is not a public key (${kind})`)
}

/** The key that a secret is; undefined where it is none. */
export function readPublicKey(key: SecretKey, secret: string): KeyObject | undefined {
  if (key.form === 'spki') return importSpki(secret)
  const bytes = decodeStrictly(secret.replace(key.strip ?? '', ''), key.encoding)
  if (bytes?.length !== ED25519_BYTES) return undefined
  return createPublicKey({
    key: Buffer.concat([ED25519_DER, bytes]),
    format: 'der',
    type: 'spki',
  })
}

/** A key as PEM, or its DER as base64. */
export function importSpki(text: string): KeyObject | undefined {
  try {
    if (text.startsWith('-----BEGIN ')) return createPublicKey(text)
    const der = decodeStrictly(text, 'base64')
    return der && createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/**
 * Whether a text is meant as a public key: as PEM, as its DER, or as a JWK. As a shared secret it
 * would be one that everybody knows.
 */
export function isPublicKeyText(text: string): boolean {
  return /^(?:-----BEGIN |\{[^]*"kty")/.test(text) || importSpki(text) !== undefined
}
