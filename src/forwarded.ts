/** What an edge hands to a core node: events with what came of them, as one JSON document. */
import { z } from 'zod'
import type { VerifiedBody } from './delivery.ts'
import { EVENT_STATES, type NewEvent } from './event.ts'
import { lazily } from './lazily.ts'
import { FORWARD_EVENTS_MAX } from './limits/edge.ts'
import {
  ATTRIBUTE_CHARS_MAX,
  RECORDS_PER_EVENT_MAX,
  SOURCE_NAME,
  TOPIC_NAME,
} from './limits/limits.ts'

/** Where a core node takes it. */
export const FORWARD_PATH = '/forward'

/** Of the form below: a core that knows another one takes nothing, and the edge waits for it. */
const FORM = 1

/** An event on its way from an edge. Its request is the edge's: at the core each stands alone. */
export type ForwardedEvent = Omit<NewEvent, 'request'>

/** What a forwarded request holds, or why it is none; `at` is the first that is wrong. */
export type ReadForwarded =
  | { readonly kind: 'events'; readonly events: readonly ForwardedEvent[] }
  | { readonly kind: 'malformed'; readonly detail: string }

/** The longest that an edge makes: of a CloudEvent source and id, with a space between them. */
const ID_CHARS_MAX = 2 * ATTRIBUTE_CHARS_MAX + 1
/** The last time that a Date can be: what shows events must never meet another. */
const TIME_MAX = 8.64e15

/** Few gateways have an edge: the others make none of it at their start. */
const Document = lazily(() => {
  const Bytes = z.base64().transform((text) => Uint8Array.fromBase64(text))
  // As the storage has them: one JSON object of strings, or null.
  const HeadersText = z
    .record(z.string(), z.string())
    .nullable()
    .transform((headers) => (headers === null ? null : JSON.stringify(headers)))
  const Time = z.int().nonnegative().max(TIME_MAX)
  const Event = z.object({
    source: z.string().regex(SOURCE_NAME),
    eventId: z.string().min(1).max(ID_CHARS_MAX),
    eventIdValidMs: Time.nullable().transform((ms) => ms ?? undefined),
    type: z.string().max(ATTRIBUTE_CHARS_MAX),
    key: z.string(),
    contentType: z.string(),
    headers: HeadersText,
    receivedAt: Time,
    state: z.enum(EVENT_STATES),
    reason: z.string().nullable(),
    retryAt: Time.nullable().transform((at) => at ?? undefined),
    body: Bytes,
    records: z
      .array(
        z.object({
          topic: z.string().regex(TOPIC_NAME),
          key: z.string(),
          headers: HeadersText,
          value: Bytes.nullable(),
        }),
      )
      .max(RECORDS_PER_EVENT_MAX),
  })
  return z.object({
    form: z.literal(FORM),
    events: z.array(Event).max(FORWARD_EVENTS_MAX),
  })
})

/** What is written, before the schema has changed it. */
type DocumentJson = z.input<ReturnType<typeof Document>>

/** Writes events for a core node, in their order. */
export function writeForwarded(events: readonly ForwardedEvent[]): string {
  const document: DocumentJson = { form: FORM, events: events.map(toJson) }
  return JSON.stringify(document)
}

function toJson(event: ForwardedEvent): DocumentJson['events'][number] {
  const { source, eventId, type, key, contentType, receivedAt, state, reason } = event
  return {
    source,
    eventId,
    type,
    key,
    contentType,
    receivedAt,
    state,
    reason,
    eventIdValidMs: event.eventIdValidMs ?? null,
    retryAt: event.retryAt ?? null,
    headers: toObject(event.headers),
    body: event.body.toBase64(),
    records: event.records.map(({ topic, key: recordKey, headers, value }) => ({
      topic,
      key: recordKey,
      headers: toObject(headers),
      value: value === null ? null : value.toBase64(),
    })),
  }
}

function toObject(headers: string | null): Record<string, string> | null {
  return headers === null ? null : (JSON.parse(headers) as Record<string, string>)
}

/** Reads what an edge has written: its signature was checked, so it says who made these events. */
export function readForwarded(document: unknown): ReadForwarded {
  const read = Document().safeParse(document)
  if (!read.success) {
    const [issue] = read.error.issues
    return { kind: 'malformed', detail: `${issue?.path.join('.')}: ${issue?.message}` }
  }
  const events = read.data.events.map((event) => ({
    ...event,
    // The edge has verified what its provider signed, and the edge's own signature covers it.
    body: event.body as VerifiedBody,
  }))
  return { kind: 'events', events }
}
