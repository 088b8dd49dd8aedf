/** HTTP message signatures (RFC 9421) of requests, and Content-Digest (RFC 9530). */
import { createHmac, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto'
import { SIGNATURES_MAX } from '../../limits/limits.ts'
import { plainHasher } from '../../bytes/hashing.ts'
import { equalDigests } from '../engine/hash.ts'
import {
  readByteDictionary,
  readListDictionary,
  type InnerList,
  type Item,
} from './structured-field.ts'

/** What a signature can cover of a request. */
export interface HttpMessage {
  readonly method: string
  /** As the sender addressed it: the registered URL, never the Host header. */
  readonly url: URL | undefined
  readonly headers: Headers
}

export interface HttpSignature {
  readonly label: string
  readonly signature: Uint8Array
  /** The text that is signed. */
  readonly base: string
  /** Names of what it covers: header fields, and derived parts such as `@method`. */
  readonly covers: ReadonlySet<string>
  /** Seconds since 1970; undefined where it says no such time. */
  readonly created: number | undefined
  readonly expires: number | undefined
  readonly keyId: string | undefined
  readonly algorithm: string | undefined
}

/**
 * The signatures of a request, not yet verified; undefined where its headers are not in the one
 * form that is read, or cover something that the request does not have.
 */
export function readHttpSignatures(message: HttpMessage): readonly HttpSignature[] | undefined {
  const inputs = readListDictionary(message.headers.get('signature-input') ?? '')
  const signatures = readByteDictionary(message.headers.get('signature') ?? '')
  if (inputs === undefined || signatures === undefined) return undefined
  if (inputs.size > SIGNATURES_MAX || inputs.size !== signatures.size) return undefined
  const read: HttpSignature[] = []
  for (const [label, list] of inputs) {
    const signature = signatures.get(label)
    const base = signatureBase(message, list)
    if (signature === undefined || base === undefined) return undefined
    const { parameters } = list
    read.push({
      label,
      signature,
      base,
      covers: new Set(list.items.map(({ name }) => name)),
      created: integer(parameters.get('created')),
      expires: integer(parameters.get('expires')),
      keyId: string(parameters.get('keyid')),
      algorithm: string(parameters.get('alg')),
    })
  }
  return read
}

/** Section 2.5: one line for each thing that is covered, and what is said of the signature. */
function signatureBase(message: HttpMessage, list: InnerList): string | undefined {
  const lines: string[] = []
  const seen = new Set<string>()
  for (const item of list.items) {
    const identifier = identify(item)
    const value = identifier === undefined ? undefined : componentValue(message, item)
    if (identifier === undefined || value === undefined || seen.has(identifier)) return undefined
    seen.add(identifier)
    lines.push(`${identifier}: ${value}`)
  }
  return [...lines, `"@signature-params": ${list.text}`].join('\n')
}

/** How a covered part is named in its line. Of parameters only that of @query-param is known. */
function identify({ name, parameters }: Item): string | undefined {
  if (name !== '@query-param') return parameters.size === 0 ? `"${name}"` : undefined
  const parameter = string(parameters.get('name'))
  const isPlain = parameter !== undefined && /^[\w.%-]+$/.test(parameter)
  return isPlain && parameters.size === 1 ? `"@query-param";name="${parameter}"` : undefined
}

function componentValue({ method, url, headers }: HttpMessage, item: Item): string | undefined {
  if (!item.name.startsWith('@')) {
    return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(item.name)
      ? (headers.get(item.name) ?? undefined)
      : undefined
  }
  if (item.name === '@method') return method
  return url === undefined ? undefined : urlPart(url, item)
}

function urlPart(url: URL, item: Item): string | undefined {
  switch (item.name) {
    case '@target-uri':
      return url.href
    case '@authority':
      return url.host
    case '@scheme':
      return url.protocol.slice(0, -1)
    case '@request-target':
      return url.pathname + url.search
    case '@path':
      return url.pathname
    case '@query':
      return url.search === '' ? '?' : url.search
    case '@query-param':
      return queryParameter(url, String(item.parameters.get('name')))
    default:
      return undefined
  }
}

/** Section 2.2.8: only a parameter that stands there once has one value. */
function queryParameter(url: URL, name: string): string | undefined {
  const values = url.searchParams.getAll(decodeURIComponentSafely(name) ?? '')
  const [value] = values
  return value === undefined || values.length > 1 ? undefined : encodeURIComponent(value)
}

function decodeURIComponentSafely(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Section 3.3: algorithms of the registry, by their names there. */
const ALGORITHMS = {
  ed25519: { type: 'ed25519', hash: null, options: {} },
  'ecdsa-p256-sha256': { type: 'ec', hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  'ecdsa-p384-sha384': { type: 'ec', hash: 'sha384', options: { dsaEncoding: 'ieee-p1363' } },
  'rsa-v1_5-sha256': { type: 'rsa', hash: 'sha256', options: {} },
} as const satisfies Record<
  string,
  { type: string; hash: string | null; options: Omit<VerifyKeyObjectInput, 'key'> }
>
export type HttpSignatureAlgorithm = keyof typeof ALGORITHMS | 'hmac-sha256'

/** Whether the key signed it with this algorithm: the verifier's choice, never the message's. */
export function isSignedBy(
  { base, signature }: Pick<HttpSignature, 'base' | 'signature'>,
  key: KeyObject,
  algorithm: HttpSignatureAlgorithm,
): boolean {
  const bytes = Buffer.from(base)
  if (algorithm === 'hmac-sha256') {
    if (key.type !== 'secret') return false
    return equalDigests(createHmac('sha256', key).update(bytes).digest(), signature)
  }
  const { type, hash, options } = ALGORITHMS[algorithm]
  return key.asymmetricKeyType === type && verify(hash, bytes, { key, ...options }, signature)
}

const DIGESTS = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const

/**
 * Whether Content-Digest is that of the body. Every digest of a known kind must be, and one must be
 * there.
 */
export function isDigestOf(contentDigest: string, body: Uint8Array): boolean {
  const digests = readByteDictionary(contentDigest)
  let known = 0
  for (const [name, hash] of Object.entries(DIGESTS)) {
    const digest = digests?.get(name)
    if (digest === undefined) continue
    known += 1
    const hasher = plainHasher(hash)
    hasher.update(body)
    if (!equalDigests(hasher.digest(), digest)) return false
  }
  return known > 0
}
