/**
 * Signs deliveries as a provider would, from the same row that verifies them: for samples and for
 * tests.
 */
import { Buffer } from 'node:buffer'
import { createPrivateKey, sign } from 'node:crypto'
import { assert, unreachable } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import type { Delivery } from '../delivery.ts'
import { GatewayError } from '../errors.ts'
import { fill, rowConfig, setting, type RowConfig } from './engine/config.ts'
import { messageBytes } from './engine/asymmetric.ts'
import { decodeStrictly } from './engine/decode.ts'
import { keyedHasher, plainHasher } from './engine/hash.ts'
import { hashesOf } from './engine/hmac.ts'
import { compileMessage, feed, type Message } from './engine/message.ts'
import { activeSchemes } from './engine/prove.ts'
import { splitReference } from './engine/reference.ts'
import { acceptsSecret, secretKeys } from './engine/secrets.ts'
import { encodeSignature, writeSignature } from './engine/signatures.ts'
import { resolveSources } from './engine/signed.ts'
import { writeTimestamp } from './engine/timestamp.ts'
import type { ProviderRow, Reference } from './row.ts'
import { Encoding, Hash, HeaderName } from './schemes.ts'
import type { HmacScheme, Scheme, SignedScheme } from './schemes.ts'

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
  /** The URL that is registered with the provider, for those that sign it. */
  readonly url?: string
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
  const scheme = activeSchemes(row, config).find((each) => acceptsSecret(each, secret))
  if (scheme === undefined) {
    throw new GatewayError('CONFIG_INVALID', `${row.key} has no scheme for a secret of this form`)
  }
  const { eventId, now, url } = options
  const proof = prove(scheme, { secret, body, config, eventId, now, url })
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
  readonly url: string | undefined
}

function prove(scheme: Scheme, proving: Proving): Record<string, string> {
  const { secret, config } = proving
  switch (scheme.kind) {
    case 'token':
      return { [headerOf(scheme.at, config)]: fill(scheme.prefix ?? '', config) + secret }
    case 'basic':
      return { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }
    case 'hmac':
    case 'digest':
    case 'ed25519':
    case 'ecdsa':
    case 'rsa':
      return proveSigned(scheme, proving)
    case 'jwt':
    case 'code':
      throw cannotSign(scheme)
    default:
      return unreachable(scheme)
  }
}

function cannotSign(scheme: Scheme): GatewayError {
  return new GatewayError('CONFIG_INVALID', `deliveries of the kind ${scheme.kind} are not made`)
}

function headerOf(reference: string, config: RowConfig): string {
  const [place, name] = splitReference(reference)
  if (place === 'header') return setting(HeaderName, name, config)
  throw new GatewayError(
    'CONFIG_INVALID',
    `deliveries that are signed in the ${place} are not made`,
  )
}

function proveSigned(scheme: SignedScheme, proving: Proving): Record<string, string> {
  const { config, eventId, now } = proving
  const { timestamp, idHeader } = scheme
  const headers: Record<string, string> = { ...scheme.requireHeaders }
  if (idHeader !== undefined) headers[idHeader] = eventId
  const text = timestamp === undefined ? '' : writeTimestamp(now, timestamp.unit)
  const [place, name] = splitReference(timestamp?.from ?? ':')
  if (place === 'header') headers[headerOf(`header:${name}`, config)] = text
  const inSignature = place === 'signature' ? { key: name, text } : undefined

  const [source] = resolveSources(scheme.signatures, config)
  assert(source !== undefined, 'a scheme names where its signature stands')
  const hash = source.format === 'algorithm' ? source.allow[0] : undefined
  const delivery = deliveryOf(proving, headers)
  const makeMessage = compileMessage(scheme.signed, proving)
  const message = makeMessage({
    request: { delivery, data: undefined },
    id: eventId,
    timestamp: text,
  })
  if ('kind' in message) throw cannotSign(scheme)
  const signature = signatureOf(scheme, proving, message)
  const encoded = encodeSignature(signature, setting(Encoding, scheme.encoding, config))
  headers[headerOf(source.at, config)] = writeSignature(source, encoded, {
    timestamp: inSignature,
    hash,
  })
  return headers
}

function deliveryOf({ body, now }: Proving, headers: Record<string, string>): Delivery {
  const delivery = { source: '', method: 'POST', url: '', headers: new Headers(headers) }
  return { ...delivery, body, receivedAt: now }
}

function signatureOf(scheme: SignedScheme, proving: Proving, message: Message): Uint8Array {
  switch (scheme.kind) {
    case 'hmac':
      return macOf(scheme, proving, message)
    case 'digest': {
      const hasher = plainHasher(setting(Hash, scheme.hash, proving.config))
      feed(message, hasher, secretKeys(scheme.secret, [proving.secret])[0])
      return hasher.digest()
    }
    case 'ed25519':
      return sign(null, messageBytes(message), privateKey(proving.secret))
    case 'ecdsa':
    case 'rsa':
      return sign(scheme.hash, messageBytes(message), privateKey(proving.secret))
    default:
      return unreachable(scheme)
  }
}

function macOf(scheme: HmacScheme, { secret, config }: Proving, message: Message): Uint8Array {
  const [key] = secretKeys(scheme.secret, [secret])
  const [hash] = hashesOf(scheme, config)
  assert(key !== undefined && hash !== undefined, 'one secret is one key, and a scheme has a hash')
  const hasher = keyedHasher(hash, key)()
  feed(message, hasher)
  return hasher.digest()
}

/** What stands before a raw ed25519 seed in its DER form (RFC 8410). */
const PRIVATE_KEY_DER = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Imports PEM, or `whsk_…`: an ed25519 seed, then the public key, which the seed implies. */
function privateKey(secret: string) {
  if (secret.startsWith('-----BEGIN PRIVATE KEY')) return createPrivateKey(secret)
  const bytes = secret.startsWith('whsk_') ? decodeStrictly(secret.slice(5), 'base64') : undefined
  if (bytes === undefined) {
    const how = 'a public key cannot sign: give the private one, PEM or whsk_…'
    throw new GatewayError('CONFIG_INVALID', how)
  }
  const der = Buffer.concat([PRIVATE_KEY_DER, bytes.subarray(0, 32)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
