/** Secrets in the form that a provider's are in, for trying things out. */
import { Buffer } from 'node:buffer'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { unreachable } from '../../assert.ts'
import type { PublicKey, Scheme, SecretForm } from '../schemes.ts'

export interface SampleKeys {
  /** What the source is configured with. */
  readonly secret: string
  /** What signs: the same, or the private half of a pair. */
  readonly signing: string
}

/**
 * Makes the keys of a scheme from random text; undefined where only the provider's own key
 * verifies, or where code decides.
 */
export function sampleKeys(scheme: Scheme, random: string): SampleKeys | undefined {
  switch (scheme.kind) {
    case 'hmac':
    case 'digest':
    case 'token':
      return same(inForm(scheme.secret, random))
    case 'basic':
      return same(`inlet:${random}`)
    case 'jwt': {
      if (scheme.secret === undefined) return undefined
      const takesText = scheme.algorithms.some((name) => name.startsWith('HS'))
      return takesText ? same(inForm(scheme.secret, random)) : pairAs('rsa', PEM)
    }
    case 'ed25519':
    case 'ecdsa':
    case 'rsa':
      return pairFor(scheme.kind, scheme.key)
    case 'code':
      return scheme.secret === undefined ? undefined : same(inForm(scheme.secret, random))
    default:
      return unreachable(scheme)
  }
}

function same(secret: string): SampleKeys {
  return { secret, signing: secret }
}

/** A text that decodes as the form says, with 24 bytes or more of it. */
function inForm({ from }: SecretForm, random: string): string {
  return from === 'utf8' ? random : Buffer.from(random).toString(from)
}

/** How a public key is written. */
type Write = (key: KeyObject) => string

const PEM: Write = (key) => key.export({ type: 'spki', format: 'pem' })

function pairFor(kind: 'ed25519' | 'ecdsa' | 'rsa', key: PublicKey): SampleKeys | undefined {
  if (key.from !== 'secret') return undefined
  if (key.form === 'spki') {
    return pairAs(kind, (each) => each.export({ type: 'spki', format: 'der' }).toString('base64'))
  }
  // The last 32 bytes of the DER form are the raw key.
  return pairAs(kind, (each) =>
    each.export({ type: 'spki', format: 'der' }).subarray(-32).toString(key.encoding),
  )
}

function pairAs(kind: 'ed25519' | 'ecdsa' | 'rsa', write: Write): SampleKeys {
  const { publicKey, privateKey } = makePair(kind)
  const signing = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  return { secret: write(publicKey), signing }
}

function makePair(kind: 'ed25519' | 'ecdsa' | 'rsa') {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519')
  if (kind === 'ecdsa') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}
