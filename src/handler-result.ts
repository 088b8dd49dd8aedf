import { GatewayError, messageOf } from './faults/faults.ts'
import {
  EVENT_TYPE_CHARS_MAX,
  RECORD_BYTES_MAX,
  RECORDS_PER_EVENT_MAX,
  TOPIC_NAME,
} from './limits/limits.ts'
import type { HandlerResult } from './route.ts'
import type { OutboxRecord, RecordDraft } from './record.ts'

const encoder = new TextEncoder()
const JSON_HEADERS = JSON.stringify({ 'content-type': 'application/json' })

/** What the storage takes of the key, headers and value of records, in bytes. */
export interface RecordLimits {
  readonly recordBytesMax: number
  /** Of all records of an event together. */
  readonly recordsBytesMax: number
}

const CORE_LIMITS: RecordLimits = { recordBytesMax: RECORD_BYTES_MAX, recordsBytesMax: Infinity }

/** What user code returned: of whatever can be awaited a promise. */
export function promised<T>(returned: T | PromiseLike<T>): T | Promise<T> {
  return isThenable(returned) ? Promise.resolve(returned) : returned
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/**
 * Turns what a handler returned into outbox records within `limits`.
 *
 * @throws GatewayError HANDLER_RESULT_INVALID where it is not a record; the detail names
 * which one and why.
 */
export function toOutboxRecords(
  result: HandlerResult,
  defaultKey: string,
  { recordBytesMax, recordsBytesMax } = CORE_LIMITS,
): OutboxRecord[] {
  if (result === null) return []
  const drafts: readonly unknown[] = Array.isArray(result) ? result : [result]
  if (drafts.length > RECORDS_PER_EVENT_MAX) {
    throw invalid(`${drafts.length} records; at most ${RECORDS_PER_EVENT_MAX} are taken`)
  }
  let sum = 0
  return drafts.map((draft, index) => {
    const record = toOutboxRecord(draft, index, defaultKey)
    const { value, key, headers } = record
    const texts = Buffer.byteLength(key) + (headers === null ? 0 : Buffer.byteLength(headers))
    const bytes = (value?.byteLength ?? 0) + texts
    if (bytes > recordBytesMax) {
      throw invalid(`record ${index} has ${bytes} bytes; at most ${recordBytesMax} are taken`)
    }
    sum += bytes
    if (sum <= recordsBytesMax) return record
    throw invalid(`all records together have more than ${recordsBytesMax} bytes`)
  })
}

function toOutboxRecord(draft: unknown, index: number, defaultKey: string): OutboxRecord {
  // Handler files are user code: their types are promises, so what they return
  // is checked like input.
  if (typeof draft !== 'object' || draft === null) throw invalid(`record ${index} is not an object`)
  const {
    topic,
    type,
    key = defaultKey,
    value,
    headers,
  } = draft as Record<keyof RecordDraft, unknown>
  if (typeof topic !== 'string' || !TOPIC_NAME.test(topic)) {
    throw invalid(`record ${index} has no valid Kafka topic name`)
  }
  if (typeof key !== 'string' && !Number.isSafeInteger(key)) {
    throw invalid(`the key of record ${index} is neither a string nor a whole number`)
  }
  const own = withType(type, checkHeaders(headers, index), index)
  return { topic, key: String(key), ...encode(value, own, index) }
}

/** Of a record that is of another type than its event. */
function withType(type: unknown, headers: Headers, index: number): Headers {
  if (type === undefined) return headers
  if (typeof type !== 'string' || !TYPE.test(type)) {
    throw invalid(`the type of record ${index} is not 1 to ${EVENT_TYPE_CHARS_MAX} characters`)
  }
  return { ...headers, ce_type: type }
}

const TYPE = new RegExp(`^[^\\p{C}]{1,${EVENT_TYPE_CHARS_MAX}}$`, 'u')

type Headers = Readonly<Record<string, string>> | undefined

function encode(
  value: unknown,
  headers: Headers,
  index: number,
): Pick<OutboxRecord, 'headers' | 'value'> {
  const own = headers === undefined ? null : JSON.stringify(headers)
  if (value === undefined) return { headers: own, value: null }
  if (value instanceof Uint8Array) {
    const type = { 'content-type': 'application/octet-stream', ...headers }
    // A copy: the handler may go on using its buffer while the record waits for the commit.
    return { headers: JSON.stringify(type), value: value.slice() }
  }
  const type =
    headers === undefined
      ? JSON_HEADERS
      : JSON.stringify({ 'content-type': 'application/json', ...headers })
  return { headers: type, value: encoder.encode(toJson(value, index)) }
}

function toJson(value: unknown, index: number): string {
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) return text
  } catch (cause) {
    throw invalid(`the value of record ${index} is not JSON: ${messageOf(cause)}`)
  }
  throw invalid(`the value of record ${index} is not JSON`)
}

/** Inlet's own headers say where a record comes from: a handler cannot forge them. */
const RESERVED = /^(ce_|inlet-)/

function checkHeaders(headers: unknown, index: number): Headers {
  if (headers === undefined) return undefined
  if (typeof headers !== 'object' || headers === null) {
    throw invalid(`the headers of record ${index} are not an object`)
  }
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string')
      throw invalid(`header ${name} of record ${index} is not a string`)
    const lowerCase = name.toLowerCase()
    if (RESERVED.test(lowerCase)) throw invalid(`header ${name} of record ${index} is set by Inlet`)
    checked[lowerCase] = value
  }
  return checked
}

function invalid(detail: string): GatewayError {
  return new GatewayError('HANDLER_RESULT_INVALID', detail)
}
