/**
 * Signs deliveries as a provider would, from the same row that verifies them: for samples and for
 * tests.
 */
import { Buffer } from 'node:buffer'
import { createPrivateKey, sign } from 'node:crypto'
import { assert, unreachable } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import { GatewayError } from '../errors.ts'
import { fill, rowConfig, setting, type RowConfig } from './engine/config.ts'
import { messageBytes } from './engine/ed25519.ts'
import { keyedHasher } from './engine/hash.ts'
import { compileMessage, type MessageParts } from './engine/message.ts'
import { splitReference } from './engine/reference.ts'
import { acceptsSecret, secretKeys } from './engine/secrets.ts'
import { encodeSignature, writeSignature } from './engine/signatures.ts'
import { resolveSources } from './engine/signed.ts'
import { writeTimestamp } from './engine/timestamp.ts'
import { Encoding, Hash, HeaderName } from './row.ts'
import type { Ed25519Scheme, ProviderRow, Reference, Scheme, SignedScheme } from './row.ts'

export interface SampleOptions {
  /**
   * As the source has it; for ed25519 the private key, `whsk_…`. Undefined: an unsigned delivery.
   */
  readonly secret: string | undefined
  /** One of `sampleEvents`, or any type where a body is given. */
  readonly type: string
  readonly eventId: string
  readonly now: EpochMs
  readonly config?: RowConfig
  /** Default: the row's sample of this type. */
  readonly body?: Uint8Array
}

export interface Sample {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /**
   * Headers that carry the secret itself, lower case: not to be shown. A signature is good for one
   * request, a token or a password for all of them.
   */
  readonly credentials?: readonly string[]
}

/** The types of which the row has a sample body, the most telling first. */
export function sampleEvents(row: ProviderRow): string[] {
  return Object.keys(row.samples)
}

/**
 * Makes a delivery that the row's verifier takes.
 *
 * @throws GatewayError CONFIG_INVALID where the secret cannot sign.
 */
export function signSample(row: ProviderRow, options: SampleOptions): Sample {
  const config = rowConfig(row, options.config)
  const body = options.body ?? sampleBody(row, options)
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...naming(row.type[0], config, options.type.split('.')),
  }
  for (const [name, value] of Object.entries(naming(row.id[0], config, []))) {
    headers[name] ??= value || options.eventId
  }
  if (options.secret === undefined) return { headers, body }
  const { secret } = options
  const scheme = row.schemes.find((each) => acceptsSecret(each, secret))
  if (scheme === undefined) {
    throw new GatewayError('CONFIG_INVALID', `${row.key} has no scheme for a secret of this form`)
  }
  const proof = prove(scheme, { secret, body, config, eventId: options.eventId, now: options.now })
  const isSecret = scheme.kind === 'token' || scheme.kind === 'basic'
  const credentials = isSecret ? Object.keys(proof) : []
  return { headers: { ...headers, ...proof }, body, credentials }
}

function sampleBody(row: ProviderRow, options: SampleOptions): Uint8Array {
  const make = row.samples[options.type]
  assert(make !== undefined, `${row.key} has a sample of ${options.type}`)
  return new TextEncoder().encode(JSON.stringify(make(options)))
}

/**
 * The headers of a selector, each with its part of the text; empty where the text has none for it.
 */
function naming(
  selector: ProviderRow['id'][number] | undefined,
  config: RowConfig,
  parts: readonly string[],
): Record<string, string> {
  const references: readonly Reference[] = selector === undefined ? [] : [selector].flat()
  const headers: Record<string, string> = {}
  for (const [index, reference] of references.entries()) {
    const [place, name] = splitReference(reference)
    if (place !== 'header' || fill(name, config) === '') continue
    const own = references.length === 1 ? parts.join('.') : (parts[index] ?? '')
    headers[setting(HeaderName, name, config)] = own
  }
  return headers
}

interface Proving {
  readonly secret: string
  readonly body: Uint8Array
  readonly config: RowConfig
  readonly eventId: string
  readonly now: EpochMs
}

function prove(scheme: Scheme, proving: Proving): Record<string, string> {
  const { secret, config } = proving
  switch (scheme.kind) {
    case 'token':
      return { [setting(HeaderName, scheme.header, config)]: fill(scheme.prefix, config) + secret }
    case 'basic':
      return { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }
    case 'hmac':
    case 'ed25519':
      return proveSigned(scheme, proving)
    default:
      return unreachable(scheme)
  }
}

function proveSigned(scheme: SignedScheme, proving: Proving): Record<string, string> {
  const { body, config, eventId, now } = proving
  const headers: Record<string, string> = {}
  const { timestamp, idHeader } = scheme
  if (idHeader !== undefined) headers[idHeader] = eventId
  const text = timestamp === undefined ? '' : writeTimestamp(now, timestamp.unit)
  const [place, name] = splitReference(timestamp?.from ?? ':')
  if (place === 'header') headers[name] = text
  const inSignature = place === 'signature' ? { key: name, text } : undefined

  const signature = signatureOf(scheme, proving, { id: eventId, timestamp: text, body })
  const [source] = resolveSources(scheme.signatures, config)
  assert(source !== undefined, 'a scheme names where its signature stands')
  const encoded = encodeSignature(signature, setting(Encoding, scheme.encoding, config))
  headers[source.name] = writeSignature(source, encoded, inSignature)
  return headers
}

function signatureOf(scheme: SignedScheme, proving: Proving, parts: MessageParts): Uint8Array {
  const message = compileMessage(scheme.signed)
  if (scheme.kind === 'ed25519') {
    return sign(null, messageBytes(message, parts), privateKey(scheme, proving.secret))
  }
  const [key] = secretKeys(scheme, [proving.secret])
  assert(key !== undefined, 'one secret is one key')
  const hasher = keyedHasher(setting(Hash, scheme.hash, proving.config), key)()
  message(parts, hasher)
  return hasher.digest()
}

/** What stands before a raw ed25519 seed in its DER form (RFC 8410). */
const PRIVATE_KEY_DER = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Imports `whsk_…`: the seed, then the public key, which the seed implies. */
function privateKey(scheme: Ed25519Scheme, secret: string) {
  if (!secret.startsWith('whsk_')) {
    throw new GatewayError(
      'CONFIG_INVALID',
      'a public key cannot sign: give the private one, whsk_…',
    )
  }
  const [bytes] = secretKeys({ ...scheme, secret: { from: 'base64', strip: 'whsk_' } }, [secret])
  const der = Buffer.concat([PRIVATE_KEY_DER, bytes?.subarray(0, 32) ?? Buffer.alloc(0)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
