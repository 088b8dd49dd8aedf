/** From the text that the operator configures to key bytes, and what may be wrong with it. */
import { GatewayError } from '../../faults/faults.ts'
import { SECRET_BYTES_MIN } from '../../limits/limits.ts'
import type { ProviderRow } from '../row.ts'
import type { Scheme, SecretForm } from '../schemes.ts'
import { decodeStrictly } from './decode.ts'
import { plainHasher } from '../../bytes/hashing.ts'
import { importSpki, isPublicKeyText, readPublicKey } from './public-key.ts'

const encoder = new TextEncoder()

/** Whether a scheme is proven by something that the operator configures as the source's secret. */
export function takesSecret(scheme: Scheme): boolean {
  return secretForm(scheme) !== undefined || secretKey(scheme) !== undefined
}

/** Whether a secret belongs to this scheme; a provider with one scheme takes all. */
export function acceptsSecret(scheme: Scheme, secret: string): boolean {
  return takesSecret(scheme) && (secretForm(scheme)?.accepts?.test(secret) ?? true)
}

function secretForm(scheme: Scheme): SecretForm | undefined {
  return 'secret' in scheme ? scheme.secret : undefined
}

function secretKey(scheme: Scheme) {
  const key = 'key' in scheme ? scheme.key : undefined
  return key?.from === 'secret' ? key : undefined
}

/** The key bytes of a secret, or undefined where it cannot be decoded. */
function decodeSecret(form: SecretForm, secret: string): Uint8Array | undefined {
  const stripped = secret.replace(form.strip ?? '', '')
  const text =
    (form.normalize === undefined ? stripped : stripped.normalize(form.normalize)) +
    (form.suffix ?? '')
  const bytes = form.from === 'utf8' ? encoder.encode(text) : decodeStrictly(text, form.from)
  if (bytes === undefined || form.derive === undefined) return bytes
  const hasher = plainHasher(form.derive)
  hasher.update(bytes)
  return hasher.digest()
}

/**
 * The key bytes of a scheme's secrets.
 *
 * @throws GatewayError CONFIG_INVALID where one is empty or cannot be decoded.
 */
export function secretKeys(form: SecretForm, secrets: readonly string[]): Uint8Array[] {
  return secrets.map((secret) => {
    const key = decodeSecret(form, secret)
    if (key !== undefined && secret !== '' && key.length > 0) return key
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
  if (secret.trim() === '') return 'is empty'
  const scheme = row.schemes.find((each) => acceptsSecret(each, secret))
  if (scheme === undefined) {
    const takesNone = !row.schemes.some(takesSecret)
    return takesNone ? `is not needed: ${row.name} has a public key` : `is no secret of ${row.name}`
  }
  if (/^wh[a-z]{2,3}_$/.test(secret)) return 'is only a prefix: the key is missing'
  const publicKey = secretKey(scheme)
  if (publicKey !== undefined) {
    const form = publicKey.form === 'raw' ? `of 32 bytes, ${publicKey.encoding}` : 'in PEM'
    return readPublicKey(publicKey, secret) === undefined
      ? `is not a public key ${form}`
      : undefined
  }
  const form = secretForm(scheme)
  return form === undefined ? undefined : validateShared(scheme, form, secret)
}

function validateShared(scheme: Scheme, form: SecretForm, secret: string): string | undefined {
  if (scheme.kind === 'jwt' && isPublicKeyText(secret)) {
    return importSpki(secret) === undefined ? 'is not a public key in PEM' : undefined
  }
  if (scheme.kind === 'basic' && !secret.includes(':')) return 'must be user:password'
  if (decodeSecret(form, secret) === undefined) return `is not valid ${form.from}`
  const bytes = guessableBytes(scheme, form, secret)
  return bytes < SECRET_BYTES_MIN ? `is shorter than ${SECRET_BYTES_MIN} bytes` : undefined
}

/** How much of a secret has to be guessed. */
function guessableBytes(scheme: Scheme, form: SecretForm, secret: string): number {
  if (scheme.kind === 'basic') return encoder.encode(secret.slice(secret.indexOf(':') + 1)).length
  const bare = decodeSecret({ ...form, suffix: undefined, derive: undefined }, secret)
  const bytes = bare?.length ?? 0
  // A prefix that is part of the key, as in Stripe's, makes it longer but no harder to guess.
  const isVerbatim = bytes === encoder.encode(secret).length
  return isVerbatim && secret.startsWith('whsec_') ? bytes - 'whsec_'.length : bytes
}
