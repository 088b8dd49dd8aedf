import { Buffer } from 'node:buffer'
import { GatewayError } from '../../errors.ts'
import { SECRET_BYTES_MIN } from '../../limits.ts'
import type { ProviderRow, Scheme, SecretForm } from '../row.ts'

const encoder = new TextEncoder()

/** An ed25519 public key, raw. */
const PUBLIC_KEY_BYTES = 32

/** Whether a secret belongs to this scheme; a provider with one scheme takes all. */
export function acceptsSecret(scheme: Scheme, secret: string): boolean {
  return scheme.secret.accepts?.test(secret) ?? true
}

/** The key bytes of a secret, or undefined where it cannot be decoded. */
function decodeSecret(form: SecretForm, secret: string): Uint8Array | undefined {
  const { strip } = form
  const text = strip !== undefined && secret.startsWith(strip) ? secret.slice(strip.length) : secret
  if (form.from === 'utf8') return encoder.encode(text)
  // Padding is optional, because people lose it when they copy; anything else that is not base64 is
  // a mistake.
  const digits = text.replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) return undefined
  return Buffer.from(digits, 'base64')
}

/**
 * The key bytes of a scheme's secrets.
 *
 * @throws GatewayError CONFIG_INVALID where one is empty or cannot be decoded.
 */
export function secretKeys(scheme: Scheme, secrets: readonly string[]): Uint8Array[] {
  return secrets.map((secret) => {
    const key = decodeSecret(scheme.secret, secret)
    if (key !== undefined && key.length > 0) return key
    throw new GatewayError('CONFIG_INVALID', 'a secret is empty or cannot be decoded')
  })
}

/**
 * What is wrong with a secret, to follow the name of its variable and without the secret itself;
 * undefined if nothing.
 *
 * @example validateSecret(standardWebhooks, 'whsec_') // 'is only a prefix: the key is missing'
 */
export function validateSecret(row: ProviderRow, secret: string): string | undefined {
  const scheme = row.schemes.find((each) => acceptsSecret(each, secret))
  if (scheme === undefined) return `is no secret of ${row.name}`
  if (secret.trim() === '') return 'is empty'
  if (/^wh[a-z]{2,3}_$/.test(secret)) return 'is only a prefix: the key is missing'
  const key = decodeSecret(scheme.secret, secret)
  if (key === undefined) return 'is not valid base64'
  if (scheme.kind === 'ed25519') {
    return key.length === PUBLIC_KEY_BYTES ? undefined : 'is not a public key of 32 bytes, base64'
  }
  if (scheme.kind === 'basic' && !secret.includes(':')) return 'must be user:password'
  const guessed = scheme.kind === 'basic' ? secret.slice(secret.indexOf(':') + 1) : undefined
  const bytes =
    guessed === undefined ? unprefixedBytes(key, secret) : encoder.encode(guessed).length
  return bytes < SECRET_BYTES_MIN ? `is shorter than ${SECRET_BYTES_MIN} bytes` : undefined
}

/** A prefix that is part of the key, as in Stripe's, makes it longer but no harder to guess. */
function unprefixedBytes(key: Uint8Array, secret: string): number {
  const isVerbatim = key.length === encoder.encode(secret).length
  return isVerbatim && secret.startsWith('whsec_') ? key.length - 'whsec_'.length : key.length
}
