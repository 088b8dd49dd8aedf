/**
 * The CloudEvents of a request, in the three modes of the HTTP binding: binary (the attributes are
 * headers), structured (the event is a JSON document) and batch (an array of those).
 */
import { assert } from '../assert.ts'
import type { CloudEvent } from './cloud-event.ts'
import type { Delivery, EventIssue, Refused } from '../delivery.ts'
import { elementSlices, memberSlices, type Slice } from '../bytes/json-slices.ts'
import { EVENTS_PER_BATCH_MAX, ISSUES_MAX } from '../limits/limits.ts'
import { readAttributes, type RawAttributes, type Report } from './attributes.ts'
import { memberOf, parseJson, readData, type RawData } from '../event-data.ts'

/** Where the events of a request are. */
interface Draft {
  readonly attributes: RawAttributes
  readonly data: RawData
}

/** Reads and validates every event of a request; where one is not valid, none is taken. */
export function readCloudEvents(
  delivery: Delivery,
): { readonly kind: 'events'; readonly events: readonly CloudEvent[] } | Refused {
  const contentType = delivery.headers.get('content-type') ?? ''
  const [media = '', ...parameters] = contentType.split(';').map((part) => part.trim())
  const isUtf8 = parameters.every((each) => /^(?!charset=)|^charset="?utf-8"?$/i.test(each))
  switch (media.toLowerCase()) {
    case 'application/cloudevents+json':
      return isUtf8 ? readStructured(delivery.body) : unsupported('only UTF-8 is taken')
    case 'application/cloudevents-batch+json':
      return isUtf8 ? readBatch(delivery.body) : unsupported('only UTF-8 is taken')
    default:
      if (/^application\/cloudevents/i.test(media)) return unsupported('only JSON is taken')
      return [...delivery.headers.keys()].some((name) => name.startsWith('ce-'))
        ? readBinary(delivery)
        : unsupported('it is neither that of a CloudEvent, nor are there ce-* headers')
  }
}

function unsupported(detail: string): Refused {
  return { kind: 'refused', code: 'MEDIA_TYPE_UNSUPPORTED', detail }
}

function malformed(detail: string): Refused {
  return { kind: 'refused', code: 'REQUEST_MALFORMED', detail }
}

/** The answer to a request with events that are not valid. */
export function invalidEvents(issues: readonly EventIssue[]): Refused {
  const detail = issues.length === 1 ? '1 issue' : `${issues.length} issues`
  return { kind: 'refused', code: 'EVENT_INVALID', detail, issues: issues.slice(0, ISSUES_MAX) }
}

function readBinary({ headers, body }: Delivery): ReturnType<typeof readCloudEvents> {
  const issues: EventIssue[] = []
  const report: Report = (at, message) => void issues.push({ at, message })
  const attributes: [string, unknown][] = []
  for (const [header, value] of headers) {
    if (header === 'content-type') attributes.push(['datacontenttype', value])
    if (!header.startsWith('ce-')) continue
    const name = header.slice(3)
    const text = decodeHeader(value)
    if (isReserved(name)) report(name, 'is not an attribute that a header carries')
    else if (text === undefined) report(name, 'is not percent-encoded UTF-8')
    else attributes.push([name, text])
  }
  const data: RawData = body.length === 0 ? { kind: 'none' } : { kind: 'bytes', bytes: body }
  const event = readEvent({ attributes, data }, report)
  return event === undefined || issues.length > 0
    ? invalidEvents(issues)
    : { kind: 'events', events: [event] }
}

/** These are the body and its content type. */
function isReserved(name: string): boolean {
  return name === 'data' || name === 'data_base64' || name === 'datacontenttype'
}

/** As the HTTP binding says: quotes are taken off, then what is percent-encoded is decoded once. */
function decodeHeader(value: string): string | undefined {
  // What is beyond ASCII would have been read as Latin-1, and be another text.
  if (/[^\u0020-\u007e]/.test(value)) return undefined
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"')
  const text = isQuoted ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return undefined
  }
}

function readStructured(body: Uint8Array): ReturnType<typeof readCloudEvents> {
  const document = parseJson(body)
  if (document.kind === 'not-json') return malformed(`the body ${document.reason}`)
  if (!isObject(document.value)) return malformed('the body is not a JSON object')
  const issues: EventIssue[] = []
  const event = readEvent(draftOf(body, document.value), (at, message) =>
    issues.push({ at, message }),
  )
  return event === undefined ? invalidEvents(issues) : { kind: 'events', events: [event] }
}

function readBatch(body: Uint8Array): ReturnType<typeof readCloudEvents> {
  const document = parseJson(body)
  if (document.kind === 'not-json') return malformed(`the body ${document.reason}`)
  if (!Array.isArray(document.value)) return malformed('the body is not a JSON array')
  const values: readonly unknown[] = document.value
  if (values.length > EVENTS_PER_BATCH_MAX) {
    const detail = `${values.length} events; at most ${EVENTS_PER_BATCH_MAX} are taken at once`
    return { kind: 'refused', code: 'BODY_TOO_LARGE', detail }
  }
  const slices = elementSlices(body)
  const issues: EventIssue[] = []
  const events = values.map((value, element) => {
    const report: Report = (at, message) => void issues.push({ element, at, message })
    if (isObject(value)) {
      const event = readEvent(draftOf(body, value, slices[element]), report)
      return event === undefined ? undefined : { ...event, element }
    }
    report('', 'is not a JSON object')
    return undefined
  })
  const valid = events.filter((event) => event !== undefined)
  return valid.length < events.length ? invalidEvents(issues) : { kind: 'events', events: valid }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Takes a JSON event apart; its data stays the bytes that it was written with. */
function draftOf(
  body: Uint8Array,
  value: Readonly<Record<string, unknown>>,
  at: Slice = { start: 0, end: body.length },
): Draft {
  const attributes = Object.entries(value).filter(
    ([name]) => name !== 'data' && name !== 'data_base64',
  )
  const data = memberOf(value)
  if (data.kind !== 'json') return { attributes, data }
  const slice = memberSlices(body, at.start).get('data')
  assert(slice !== undefined, 'what JSON.parse finds has a place')
  return { attributes, data: { ...data, bytes: body.subarray(slice.start, slice.end) } }
}

function readEvent(draft: Draft, report: Report): CloudEvent | undefined {
  const read = readAttributes(draft.attributes, report)
  if (read === undefined) return undefined
  const data = readData(draft.data, read.datacontenttype)
  if (typeof data !== 'string') return { attributes: read.attributes, ...data }
  report(draft.data.kind === 'base64' ? 'data_base64' : 'data', data)
  return undefined
}
