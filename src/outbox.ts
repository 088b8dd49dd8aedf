import { assert } from './assert.ts'
import type { EpochMs } from './clock.ts'
import { GatewayError, type FaultCode } from './faults/faults.ts'
import { EXACT_HEADER, unpackExact } from './exact-record.ts'
import type { PublishRecord } from './record.ts'
import { formatTraceparent, keptTrace, TRACEPARENT } from './trace-context.ts'

/**
 * The life of an outbox entry. An entry above the high-water mark is `pending`, one at or below it
 * is `published`, and the few off that straight path have a row of their own in
 * `outbox_exceptions`: `retry` waits for its topic, `blocked` was refused by Kafka (or stands
 * behind such an entry of its key), `dead` was given up by a person or a policy.
 */
export const ENTRY_STATUSES = ['pending', 'published', 'retry', 'blocked', 'dead'] as const
export type EntryStatus = (typeof ENTRY_STATUSES)[number]
export type ExceptionStatus = Extract<EntryStatus, 'retry' | 'blocked' | 'dead'>

/** What keeps a record from its topic for longer than a moment. */
export const SET_ASIDE = ['retry', 'blocked', 'dead'] as const satisfies readonly ExceptionStatus[]
/** What keeps it from there at all. */
export const UNPUBLISHED = ['pending', ...SET_ASIDE] as const

const NEXT = {
  pending: ['published', 'retry', 'blocked'],
  retry: ['published', 'retry', 'blocked', 'dead'],
  blocked: ['retry', 'dead'],
  dead: ['retry'],
  published: [],
} as const satisfies Record<EntryStatus, readonly EntryStatus[]>

/** Every change of status that an entry may go through, written `from>to`. */
export const TRANSITIONS = ENTRY_STATUSES.flatMap((from) => NEXT[from].map((to) => `${from}>${to}`))

/** Throws where an entry may not go from one status to the other. */
export function assertTransition(from: EntryStatus, to: EntryStatus): void {
  const allowed: readonly EntryStatus[] = NEXT[from]
  assert(allowed.includes(to), `an outbox entry never goes from ${from} to ${to}`)
}

/** A durable intention to publish one record, read together with the event that caused it. */
export interface OutboxEntry {
  readonly seq: number
  /** Which record of its event this is: 0 for the first. */
  readonly n: number
  readonly topic: string
  readonly key: string
  /**
   * The handler's own headers, a JSON object of strings; of a first-party event its attributes,
   * too: `ce_id`, `ce_source`, …
   */
  readonly headers: string | null
  /** The kept request headers of its event, one JSON object; null where none was kept. */
  readonly eventHeaders: string | null
  /** The bytes to publish: the handler's, or the event's own. */
  readonly value: Uint8Array
  readonly inboxSeq: number
  readonly source: string
  readonly eventId: string
  readonly type: string
  /**
   * The content type of the event's own bytes; a handler's value is `application/json`
   * unless it says otherwise.
   */
  readonly contentType: string
  readonly receivedAt: EpochMs
  /** Why its bytes cannot be read; absent where they can. Such an entry becomes no record. */
  readonly damage?: string
}

/** An entry off the straight path. */
export interface EntryException {
  readonly seq: number
  readonly status: ExceptionStatus
  readonly topic: string
  readonly key: string
  /** Tries so far, 1-based; failures of the whole cluster are not counted. */
  readonly attempts: number
  /** When it is tried again; null where it waits for a person. */
  readonly nextAt: EpochMs | null
  readonly code: FaultCode
  /** What Kafka said, in one line. */
  readonly reason: string
}

/**
 * Where a run of entries landed: those with seq in [seqFirst, seqLast] that belong to
 * this topic and partition.
 */
export interface PublishedRange {
  readonly topic: string
  readonly partition: number
  /** See `Landed`. */
  readonly partitions?: number | undefined
  readonly seqFirst: number
  readonly seqLast: number
  readonly records: number
  readonly baseOffset: string
}

/** Everything that one relay batch changes, applied in one transaction. */
export interface RelayMark {
  /** The high-water mark moves from here (it must be here) … */
  readonly from: number
  /** … to here; equal where only exceptions moved. */
  readonly to: number
  /** Exceptions to insert or replace. */
  readonly exceptions: readonly EntryException[]
  /** Seqs of former exceptions that are published now. */
  readonly settled: readonly number[]
  readonly published: readonly PublishedRange[]
  readonly at: EpochMs
}

/**
 * The record that an entry becomes. The n-th further record of an event is `<id>#<n>`. An event
 * that came with attributes of its own keeps them, and is given none that its sender left out; so
 * does a record of a topic that is no CloudEvent. A `traceparent` that the handler set stays; any
 * other record continues the trace of its event. Throws where the entry cannot be read.
 */
export function toPublishRecord(entry: OutboxEntry): PublishRecord {
  if (entry.damage !== undefined) throw new GatewayError('STORAGE_DAMAGED', entry.damage)
  const own = entry.headers === null ? {} : (JSON.parse(entry.headers) as Record<string, string>)
  const described = own['ce_id'] === undefined ? describeDelivery(entry, own) : {}
  const id = own['ce_id'] ?? entry.eventId
  const trace = keptTrace(entry.eventHeaders)
  const record = {
    topic: entry.topic,
    key: entry.key,
    value: entry.value,
    headers: {
      // An event without data has no type of data either.
      ...(entry.contentType === '' ? {} : { 'content-type': entry.contentType }),
      ...(trace === undefined ? {} : { [TRACEPARENT]: formatTraceparent(trace) }),
      ce_specversion: '1.0',
      ...described,
      ...own,
      ce_id: entry.n === 0 ? id : `${id}#${entry.n}`,
      'inlet-seq': String(entry.inboxSeq),
    },
    trace,
  }
  const packed = own[EXACT_HEADER]
  const exact = packed === undefined ? undefined : unpackExact(packed)
  if (exact === undefined) return record
  const { [EXACT_HEADER]: _, ...headers } = record.headers as Readonly<Record<string, string>>
  return { ...record, headers, exact }
}

function describeDelivery(
  entry: OutboxEntry,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ce_source: entry.source,
    ce_type: own['ce_type'] ?? entry.type,
    ce_time: new Date(entry.receivedAt).toISOString(),
  }
}
