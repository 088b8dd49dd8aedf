import { unreachable } from '../assert.ts'
import { attributesAmong, memberOf, memberProblem, parseJson, readData } from '../event-data.ts'
import type { FetchedRecord } from '../consumer.ts'

/** What a record says of itself, and its data. */
export interface Decoded {
  /** Of a CloudEvent; undefined for any other record. */
  readonly event: { readonly source: string; readonly id: string } | undefined
  /** Of a CloudEvent that is one document; undefined: they are headers, if there are any. */
  readonly attributes?: Attributes
  readonly type: string
  readonly contentType: string
  readonly data: DecodedData
}

/** What a CloudEvent says of itself, by the names of the specification, as text. */
export type Attributes = Readonly<Record<string, string>>

export type DecodedData =
  | { readonly kind: 'data'; readonly value: unknown }
  /** It is not what it says it is. */
  | { readonly kind: 'broken'; readonly reason: string }

/** The type of a record that names none, as of a webhook that names none. */
const NO_TYPE = 'unknown'
const NOTHING = new Uint8Array()

/**
 * Reads a record by its content type: a CloudEvent in binary mode (its attributes are headers) or
 * structured mode (it is one JSON document), JSON, or raw bytes. Without a content type JSON is
 * recognised, and anything else is bytes.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function decode({ headers, value }: FetchedRecord): Decoded {
  const contentType = headers['content-type'] ?? ''
  if (/^application\/cloudevents/i.test(contentType)) return structured(value, contentType)
  const { ce_id: id, ce_source: source, ce_type: type } = headers
  return {
    event: isNamed(id) && isNamed(source) ? { source, id } : undefined,
    type: type ?? NO_TYPE,
    contentType,
    data: value === null ? { kind: 'data', value: null } : dataOf(value, contentType),
  }
}

/** The attributes of a CloudEvent in either mode; none of any other record. */
export function attributesOf(
  { attributes }: Decoded,
  { headers }: Pick<FetchedRecord, 'headers'>,
): Attributes {
  return attributes ?? attributesAmong(headers)
}

function dataOf(value: Uint8Array, contentType: string): DecodedData {
  if (contentType === '') {
    const parsed = parseJson(value)
    return { kind: 'data', value: parsed.kind === 'json' ? parsed.value : value.slice() }
  }
  const read = readData({ kind: 'bytes', bytes: value }, contentType)
  if (typeof read === 'string') return { kind: 'broken', reason: `its data ${read}` }
  switch (read.parsed.kind) {
    case 'json':
      return { kind: 'data', value: read.parsed.value }
    case 'not-json':
      return { kind: 'broken', reason: read.parsed.reason }
    case 'opaque':
      return { kind: 'data', value: value.slice() }
    default:
      return unreachable(read.parsed)
  }
}

/** Empty does not count, as the specification says: all events with an empty id would be one. */
function isNamed(attribute: unknown): attribute is string {
  return typeof attribute === 'string' && attribute !== ''
}

function structured(value: Uint8Array | null, contentType: string): Decoded {
  const broken = (reason: string): Decoded => ({
    event: undefined,
    type: NO_TYPE,
    contentType,
    data: { kind: 'broken', reason },
  })
  if (!/^application\/cloudevents\+json\s*(;|$)/i.test(contentType)) {
    return broken(`of CloudEvents only application/cloudevents+json is read`)
  }
  const parsed = parseJson(value ?? NOTHING)
  if (parsed.kind === 'not-json') return broken(parsed.reason)
  if (typeof parsed.value !== 'object' || parsed.value === null) return broken('is no object')
  const { data: _, data_base64: __, ...named } = parsed.value as Record<string, unknown>
  const { id, source, type } = named
  if (!isNamed(id) || !isNamed(source) || !isNamed(type)) {
    return broken('has no id, source and type')
  }
  const attributes = toText(named)
  const data = dataOfDocument(parsed.value as Record<string, unknown>)
  return { event: { source, id }, attributes, type, contentType, data }
}

/** The format has strings, whole numbers and truth; null means that there is none. */
function toText(named: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(named)) {
    if (typeof value === 'string') attributes[name] = value
    else if (typeof value === 'number' || typeof value === 'boolean') {
      attributes[name] = String(value)
    }
  }
  return attributes
}

/** As `POST /events` reads it, but that what is a JSON value needs no further reading. */
function dataOfDocument(document: Readonly<Record<string, unknown>>): DecodedData {
  const { datacontenttype } = document
  const type = typeof datacontenttype === 'string' ? datacontenttype : undefined
  const member = memberOf(document)
  if (member.kind === 'none') return { kind: 'data', value: null }
  if (member.kind === 'json') {
    const problem = memberProblem(member.value, type ?? 'application/json')
    return problem === undefined
      ? { kind: 'data', value: member.value }
      : { kind: 'broken', reason: `its data ${problem}` }
  }
  const named = type ?? 'application/octet-stream'
  const read = readData(member, named)
  if (typeof read === 'string') return { kind: 'broken', reason: `its data ${read}` }
  return dataOf(read.data, named)
}
