import type { ParsedBody } from './delivery.ts'

/** The data of an event as it arrived. */
export type RawData =
  | { readonly kind: 'none' }
  /** The body of the request, in binary mode. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A member of a JSON document: its bytes, and what they say. */
  | { readonly kind: 'json'; readonly bytes: Uint8Array; readonly value: unknown }
  | { readonly kind: 'base64'; readonly text: unknown }
  /** As JSON and as base64: nobody can say which is meant. */
  | { readonly kind: 'twice' }

export interface EventData {
  readonly data: Uint8Array
  readonly contentType: string
  readonly parsed: ParsedBody
}

/** As for webhooks: bytes that are not UTF-8 are an error, and a byte order mark is no JSON. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** `application/json`, `text/json`, `application/vnd.example+json; charset=utf-8`. */
const JSON_TYPE = /^[^/;]+\/(?:[^;]+\+)?json\s*(?:;|$)/i
const NO_DATA = new Uint8Array()

/**
 * The bytes that an event's data is, and what they say where they are JSON. A JSON document that
 * carries text of another type carries it as a string: then its characters are the data.
 *
 * @returns What is wrong, as text, where the data contradicts its content type.
 */
export function readData(raw: RawData, contentType: string | undefined): EventData | string {
  if (raw.kind === 'none') {
    return { data: NO_DATA, contentType: contentType ?? '', parsed: { kind: 'opaque' } }
  }
  if (raw.kind === 'twice') return 'and data_base64 exclude each other'
  // The JSON format says so: without a type, data in a JSON document is JSON.
  const type = contentType ?? (raw.kind === 'json' ? 'application/json' : '')
  const isJson = JSON_TYPE.test(type)
  if (raw.kind === 'json') {
    const { bytes, value } = raw
    const problem = memberProblem(value, type)
    if (problem !== undefined) return problem
    return isJson
      ? { data: bytes, contentType: type, parsed: { kind: 'json', value } }
      : { data: encoder.encode(String(value)), contentType: type, parsed: { kind: 'opaque' } }
  }
  const data = raw.kind === 'bytes' ? raw.bytes : decodeBase64(raw.text)
  if (data === undefined) return 'must be a string of base64'
  const parsed: ParsedBody = isJson ? parseJson(data) : { kind: 'opaque' }
  return { data, contentType: type, parsed }
}

/** Which member of an event that is a JSON document is its data; its bytes are left out. */
export function memberOf({
  data: value,
  data_base64: text = null,
}: Readonly<Record<string, unknown>>):
  | Exclude<RawData, { readonly kind: 'bytes' | 'json' }>
  | { readonly kind: 'json'; readonly value: unknown } {
  if (text === null) return value === undefined ? { kind: 'none' } : { kind: 'json', value }
  return (value ?? null) === null ? { kind: 'base64', text } : { kind: 'twice' }
}

/** Why `data` of a JSON document is not what its content type says; undefined where it is. */
export function memberProblem(value: unknown, contentType: string): string | undefined {
  if (JSON_TYPE.test(contentType)) return undefined
  if (typeof value !== 'string') return `of type ${contentType} must be a string, or data_base64`
  return value.isWellFormed() ? undefined : 'has half a surrogate pair, which no text can carry'
}

/** The attributes of a CloudEvent among the headers of a record, or of what is kept of it. */
export function attributesAmong(headers: Readonly<Record<string, string>>): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [name, text] of Object.entries(headers)) {
    if (name.startsWith(PREFIX)) attributes[name.slice(PREFIX.length)] = text
  }
  return attributes
}

const PREFIX = 'ce_'

function decodeBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return undefined
  }
}

/** UTF-8 that is JSON, or why it is not: the parser's own message would quote it. */
export function parseJson(bytes: Uint8Array): ParsedBody & { readonly kind: 'json' | 'not-json' } {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return { kind: 'not-json', reason: 'is not valid UTF-8' }
  }
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown }
  } catch {
    return { kind: 'not-json', reason: 'is not valid JSON' }
  }
}
