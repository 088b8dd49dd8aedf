/** The admin API's part about stored events and what became of their records. See admin-api.ts. */
import { z } from 'zod'
import { IsoTime } from './admin-api.ts'
import { EVENT_STATES } from '../event.ts'
import { SEARCH_LIMIT_MAX, SEARCH_TEXT_CHARS_MAX } from '../limits/admin.ts'
import { EVENT_ID_CHARS_MAX } from '../limits/limits.ts'
import { ENTRY_STATUSES, SET_ASIDE, UNPUBLISHED } from '../outbox.ts'

const Status = z.enum(ENTRY_STATUSES)
const limit = z.coerce.number<string>().int().min(1).max(SEARCH_LIMIT_MAX)
const seq = z.coerce.number<string>().int().min(0).max(Number.MAX_SAFE_INTEGER)

/** Which events: all conditions hold. */
export const EventFilter = z
  .strictObject({
    source: z.string().optional(),
    type: z.string().optional(),
    state: z.enum(EVENT_STATES).optional(),
    records: z.enum(SET_ASIDE).optional().describe('Has a record that is set aside like this.'),
    id: z.string().max(EVENT_ID_CHARS_MAX).optional().describe('The id that its sender gave it.'),
    key: z.string().optional().describe('The partition key.'),
    since: IsoTime.optional().describe('Received then or later.'),
    until: IsoTime.optional().describe('Received before.'),
    text: z
      .string()
      .min(1)
      .max(SEARCH_TEXT_CHARS_MAX)
      .optional()
      .describe('Occurs in the body, byte for byte.'),
  })
  .meta({ id: 'EventFilter' })
export type EventFilter = z.infer<typeof EventFilter>

export const EventsQuery = EventFilter.extend({
  before: seq.optional().describe('Only older ones: `nextBefore` of the page before.'),
  limit: limit.default(50),
})

/** An event in a list. */
export const EventRow = z
  .object({
    seq: z.int().describe('Its place in the order of commits.'),
    receivedAt: IsoTime,
    source: z.string(),
    eventId: z.string(),
    type: z.string(),
    key: z.string(),
    state: z.enum(EVENT_STATES),
    reason: z.string().nullable(),
    bodyBytes: z.int(),
    attempts: z.int().nullable().describe('Tries of its handler; null unless it asked for more.'),
    nextTryAt: IsoTime.nullable(),
    records: Status.nullable().describe('The record that has come least far; null without any.'),
  })
  .meta({ id: 'EventRow' })
export type EventRow = z.infer<typeof EventRow>

/** A page of what was found, newest first. */
export const EventsPage = z
  .object({
    events: z.array(EventRow),
    nextBefore: z.int().nullable().describe('Where to go on; null at the end.'),
    searched: z
      .object({
        seq: z.int().describe('Everything down to this one was looked at.'),
        receivedAt: IsoTime.nullable(),
        isComplete: z.boolean().describe('False where there is more to look at.'),
      })
      .describe('A search stops after a while: go on with `nextBefore`.'),
  })
  .meta({ id: 'EventsPage' })
export type EventsPage = z.infer<typeof EventsPage>

const Headers = z.record(z.string(), z.string())

/** A record of an event, and how far it has come. */
export const RecordRow = z
  .object({
    seq: z.int(),
    n: z.int().describe('Which record of its event: 0 for the first.'),
    topic: z.string(),
    key: z.string(),
    headers: Headers,
    valueBase64: z.string().nullable().describe('Null: the bytes of the event.'),
    status: Status,
    attempts: z.int(),
    nextAt: IsoTime.nullable(),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    landed: z
      .object({ partition: z.int(), offset: z.string(), at: IsoTime.nullable() })
      .nullable()
      .describe('Null where it is not published, or where nothing says where.'),
    replay: z.string().nullable().describe('The rerun that made it.'),
  })
  .meta({ id: 'Record' })
export type RecordRow = z.infer<typeof RecordRow>

/** Everything about one event. */
export const EventDetail = EventRow.extend({
  contentType: z.string(),
  headers: Headers,
  bodyBase64: z.string(),
  damage: z
    .string()
    .nullable()
    .describe('Why its bytes cannot be read: its body is empty then. Null where they can.'),
  traceId: z.string().nullable(),
  records: z.array(RecordRow),
  variants: z
    .object({ count: z.int(), firstReceivedAt: IsoTime, firstBodyBase64: z.string() })
    .nullable()
    .describe('Duplicates that came with other bytes.'),
  batch: z
    .object({ seqFirst: z.int(), seqLast: z.int(), bodyBytes: z.int() })
    .nullable()
    .describe('The request that brought it together with others.'),
}).meta({ id: 'EventDetail' })
export type EventDetail = z.infer<typeof EventDetail>

export const TailQuery = z.strictObject({ source: z.string().optional() })

export const OutboxQuery = z.strictObject({
  status: z.enum(UNPUBLISHED).default('blocked'),
  topic: z.string().optional(),
  source: z.string().optional(),
  after: seq.optional().describe('Only later ones: `nextAfter` of the page before.'),
  limit: limit.default(50),
})
export type OutboxQuery = z.infer<typeof OutboxQuery>

export const OutboxRow = RecordRow.omit({ valueBase64: true, landed: true })
  .extend({
    eventSeq: z.int(),
    source: z.string(),
    eventId: z.string(),
    type: z.string(),
    receivedAt: IsoTime,
  })
  .meta({ id: 'OutboxRow' })
export type OutboxRow = z.infer<typeof OutboxRow>

/** Entries that are not published, the oldest first. */
export const OutboxPage = z
  .object({
    entries: z.array(OutboxRow),
    nextAfter: z.int().nullable(),
    counts: z
      .object({ pending: z.int(), retry: z.int(), blocked: z.int(), dead: z.int() })
      .describe('Counted up to 100,000 each.'),
  })
  .meta({ id: 'OutboxPage' })
export type OutboxPage = z.infer<typeof OutboxPage>

/** A delivery as it is answered: what the live tail sends. */
export const TailRow = z
  .object({
    at: IsoTime,
    source: z.string().nullable().describe('Null where none of its name is configured.'),
    outcome: z.enum(['accepted', 'duplicate', 'refused']),
    seq: z.int().nullable(),
    eventId: z.string().nullable(),
    type: z.string().nullable(),
    state: z.enum(EVENT_STATES).nullable(),
    reason: z.string().nullable().describe('Of a refusal its code.'),
  })
  .meta({ id: 'TailRow' })
export type TailRow = z.infer<typeof TailRow>
