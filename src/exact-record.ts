/**
 * What text cannot say of a record that was in Kafka: bytes that are no UTF-8, headers that share a
 * name or have no value, and that it has no value itself. It stands beside the text, packed as one
 * more header, so that nobody who reads the text has to know of it.
 */
import { withHeader, type OutboxRecord } from './record.ts'

/** Headers as Kafka has them: in order, a name more than once, a value perhaps not at all. */
export type HeaderList = readonly (readonly [name: string, value: Uint8Array | null])[]

/** Each part is there where the text of it is not all. */
export interface ExactRecord {
  readonly key?: Uint8Array | undefined
  readonly headers?: HeaderList | undefined
  readonly isTombstone?: true | undefined
}

/** Its name among the headers of an outbox entry. No handler can set it. */
export const EXACT_HEADER = 'inlet-exact'

/** All headers of these names are Inlet's own. */
const OWN_PREFIX = 'inlet-'

const decoder = new TextDecoder()

interface Whole {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  readonly headerList?: HeaderList | undefined
}

/** Undefined where the text is all. */
export function packExact({ key, value, headers, headerList }: Whole): string | undefined {
  const isKeyText = key === null || isWhole(decoder.decode(key), key)
  const areTexts =
    headerList === undefined || (areWhole(headers, headerList) && !(EXACT_HEADER in headers))
  if (isKeyText && areTexts && value !== null) return undefined
  return JSON.stringify({
    key: isKeyText ? undefined : key.toBase64(),
    headers: areTexts ? undefined : headerList.map(([name, of]) => [name, of?.toBase64() ?? null]),
    isTombstone: value === null ? true : undefined,
  })
}

interface Packed {
  readonly key?: string
  readonly headers?: readonly (readonly [name: string, value: string | null])[]
  readonly isTombstone?: true
}

/**
 * Reads what `packExact` has written; undefined: somebody else's. Versions before it have stored
 * headers of its names as they came.
 */
export function unpackExact(packed: string): ExactRecord | undefined {
  try {
    const parts: unknown = JSON.parse(packed)
    if (!isPacked(parts)) return undefined
    const { key, headers, isTombstone } = parts
    return {
      key: key === undefined ? undefined : Uint8Array.fromBase64(key),
      headers: headers?.map(([name, of]) => [name, of === null ? null : Uint8Array.fromBase64(of)]),
      isTombstone,
    }
  } catch {
    // No JSON, or no base64.
    return undefined
  }
}

function isPacked(value: unknown): value is Packed {
  if (typeof value !== 'object' || value === null) return false
  const { key, headers, isTombstone, ...more }: Partial<Record<keyof Packed, unknown>> = value
  return (
    [key, headers, isTombstone].some((part) => part !== undefined) &&
    (key === undefined || typeof key === 'string') &&
    (headers === undefined || (Array.isArray(headers) && headers.every(isPackedHeader))) &&
    (isTombstone === undefined || isTombstone === true) &&
    Object.keys(more).length === 0
  )
}

function isPackedHeader(header: unknown): boolean {
  if (!Array.isArray(header) || header.length !== 2) return false
  return typeof header[0] === 'string' && (header[1] === null || typeof header[1] === 'string')
}

/** Those of `exact` with Inlet's own beside them, and what else says what they do not. */
export function withOwnHeaders(
  exact: HeaderList,
  headers: Readonly<Record<string, string>>,
): HeaderList {
  const names = new Set(exact.map(([name]) => name))
  const encoder = new TextEncoder()
  return [
    ...exact.filter(([name]) => !name.startsWith(OWN_PREFIX)),
    ...Object.entries(headers)
      .filter(([name]) => name.startsWith(OWN_PREFIX) || !names.has(name))
      .map(([name, text]) => [name, encoder.encode(text)] as const),
  ]
}

/**
 * Records that have the key or the body of the one that they are made of have its bytes as well,
 * and no value where it has none. `text`: its key, as the handler has it.
 */
export function withExactParts(
  records: readonly OutboxRecord[],
  text: string | null,
  { key, value }: Pick<Whole, 'key' | 'value'>,
): readonly OutboxRecord[] {
  const bytes = text === null || key === null || isWhole(text, key) ? undefined : key.toBase64()
  if (bytes === undefined && value !== null) return records
  return records.map((record) => {
    const parts: Packed = {
      ...(bytes !== undefined && record.key === text ? { key: bytes } : {}),
      ...(value === null && record.value === null ? { isTombstone: true } : {}),
    }
    if (Object.keys(parts).length === 0) return record
    const headers = withHeader(record.headers, EXACT_HEADER, JSON.stringify(parts))
    return { ...record, headers }
  })
}

function areWhole(headers: Whole['headers'], list: HeaderList): boolean {
  const names = Object.keys(headers)
  if (list.length !== names.length) return false
  return list.every(([name, value], at) => {
    // Names that are numbers come first in an object, wherever they stood.
    const text = name === names[at] ? headers[name] : undefined
    return value !== null && text !== undefined && isWhole(text, value)
  })
}

/** Whether the text of these bytes becomes the same bytes. */
function isWhole(text: string, bytes: Uint8Array): boolean {
  // As long in characters, and none of them in the place of a byte that is none: ASCII.
  if (text.length === bytes.length && !text.includes('\ufffd')) return true
  return Buffer.from(text).equals(bytes)
}
