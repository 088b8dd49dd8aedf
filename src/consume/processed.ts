/** What is stored of a record: its identity, what became of it, and where it was. */
import type { EpochMs } from '../clock.ts'
import {
  defaultGroup,
  type Consumer,
  type FetchedRecord,
  type NotFound,
  type ProcessedRecord,
} from '../consumer.ts'
import type { StateChange } from '../consumer-state.ts'
import type { VerifiedBody } from '../delivery.ts'
import type { FaultCode } from '../faults/faults.ts'
import { reasonOf, type NewEvent } from '../event.ts'
import { EXACT_HEADER, packExact, unpackExact } from '../exact-record.ts'
import { REASON_CHARS_MAX } from '../limits/observing.ts'
import { REPLAY_HEADER, withHeader, type OutboxRecord } from '../record.ts'
import { TRACEPARENT } from '../trace-context.ts'
import { keyOf, placeOf } from './attempt.ts'
import type { Decoded } from './decode.ts'
import { nameText } from './naming.ts'

/** A record, and what it was found to be. */
export interface Known {
  readonly record: FetchedRecord
  readonly decoded: Decoded
  readonly consumer: Consumer
  /** See `keyOf`. */
  readonly key: string | null
  /** See `identityOf`. */
  readonly identity: string
}

/** Why a record was given up. */
export interface GivenUp {
  readonly state: 'invalid' | 'failed'
  readonly code: FaultCode
  readonly detail: string
  readonly attempts: number
}

/**
 * What makes a record recognisable for one consumer: its topic with the source and id of its
 * event, and the rerun that published it; of a record that is no CloudEvent its place and its time,
 * because a topic that is made anew begins at offset 0 again. No topic begins with `@` or `~`.
 */
export function identityOf(record: FetchedRecord, { event }: Decoded, consumer: Consumer): string {
  const { topic, partition, offset, headers, writtenAt } = record
  const own =
    event === undefined ? `${partition} ${offset} ${writtenAt}` : `${event.source} ${event.id}`
  const replay = headers[REPLAY_HEADER]
  const group = consumer.group === defaultGroup(consumer.name) ? '' : `@${consumer.group} `
  return nameText(`${group}${replay === undefined ? '' : `~${replay} `}${topic} ${own}`)
}

/** What a handler's run has led to. */
interface Ran {
  readonly records: readonly OutboxRecord[]
  readonly changes: readonly StateChange[]
  /** See `ProcessedRecord`. */
  readonly notFound?: NotFound | undefined
}

/**
 * A record whose handler has run. Its bytes stay in Kafka, unless they are published again. Where
 * nothing is published, all that is stored is that it was processed.
 */
export function toProcessed(
  known: Known,
  { records, changes, notFound }: Ran,
  receivedAt: EpochMs,
): ProcessedRecord {
  if (records.length === 0) {
    return { event: undefined, ignored: known.identity, notFound, changes }
  }
  const { record } = known
  const isBodyNeeded = records.some(({ value }) => value === null)
  const { [TRACEPARENT]: traceparent } = record.headers
  return {
    changes,
    event: {
      ...described(known, receivedAt),
      headers: JSON.stringify({
        ...placeHeaders(record),
        ...(traceparent === undefined ? {} : { [TRACEPARENT]: traceparent }),
      }),
      state: 'accepted',
      reason: null,
      body: toBody(isBodyNeeded ? record.value : null),
      records: marked(records, known.consumer),
    },
  }
}

/**
 * A record that is given up. It is stored whole, so that it can be replayed, and goes to the
 * dead-letter topic for whoever looks there: as it was, but for a key where it has none.
 */
export function toDeadLetter(known: Known, why: GivenUp, receivedAt: EpochMs): ProcessedRecord {
  const { record } = known
  const base = described(known, receivedAt)
  const exact = packExact(record)
  return {
    event: {
      ...base,
      headers: JSON.stringify({
        ...marking(record.headers),
        ...placeHeaders(record),
        ...keptHeaders(record),
        ...(exact === undefined ? {} : { [EXACT]: exact }),
      }),
      state: why.state,
      reason: reasonOf(why),
      body: toBody(record.value),
      records: marked(
        [
          {
            topic: known.consumer.deadLetterTopic ?? `${record.topic}.dead`,
            key: base.key,
            headers: JSON.stringify({
              ...record.headers,
              ...deadHeaders(known, why),
              ...(exact === undefined ? {} : { [EXACT_HEADER]: exact }),
            }),
            value: null,
          },
        ],
        known.consumer,
      ),
    },
  }
}

/** With the header of the rerun that they are made for, if there is one. */
function marked(records: readonly OutboxRecord[], { rerun }: Consumer): readonly OutboxRecord[] {
  if (rerun === undefined) return records
  return records.map((record) => ({
    ...record,
    headers: withHeader(record.headers, REPLAY_HEADER, rerun),
  }))
}

type Described = Omit<NewEvent, 'headers' | 'state' | 'reason' | 'body' | 'records'>

function described(known: Known, receivedAt: EpochMs): Described {
  const { record, decoded, consumer, identity, key } = known
  return {
    source: consumer.source,
    eventId: identity,
    eventIdValidMs: undefined,
    type: decoded.type,
    key: key ?? decoded.event?.id ?? placeOf(record),
    contentType: decoded.contentType,
    receivedAt,
  }
}

function placeHeaders({ topic, partition, offset }: FetchedRecord): Record<string, string> {
  return {
    'kafka-topic': topic,
    'kafka-partition': String(partition),
    'kafka-offset': String(offset),
  }
}

/** What else makes the record again, beside its headers and its place. */
function keptHeaders(record: FetchedRecord): Record<string, string> {
  const key = keyOf(record)
  return {
    'kafka-timestamp': String(record.writtenAt),
    ...(key === null ? {} : { 'kafka-key': key }),
    ...(record.value === null ? { 'kafka-tombstone': '1' } : {}),
  }
}

/** The record that was stored whole; undefined where only what came of it is stored. */
export function keptRecord({ headers: text, body }: KeptRow): FetchedRecord | undefined {
  const all = text === null ? {} : (JSON.parse(text) as Record<string, string>)
  const packed = all[EXACT]
  const exact = packed === undefined ? undefined : unpackExact(packed)
  const isForeign = (name: string) => !OWN.test(name) || (name === EXACT && exact === undefined)
  const foreign = Object.entries(all).filter(([name]) => isForeign(name))
  const headers = Object.fromEntries(
    foreign.map(([name, value]) => [MARKED.test(name) ? name.slice(MARK.length) : name, value]),
  )
  const writtenAt = all['kafka-timestamp']
  if (writtenAt === undefined) return undefined
  const key = all['kafka-key']
  return {
    topic: all['kafka-topic'] ?? '',
    partition: Number(all['kafka-partition']),
    offset: Number(all['kafka-offset']),
    key: exact?.key ?? (key === undefined ? null : encoder.encode(key)),
    value: all['kafka-tombstone'] === undefined ? body : null,
    headers,
    headerList: exact?.headers,
    writtenAt: Number(writtenAt),
  }
}

interface KeptRow {
  readonly headers: string | null
  readonly body: Uint8Array
}

/** Its name among the headers of an event: that of EXACT_HEADER among those of an entry. */
const EXACT = 'kafka-exact'
const OWN = /^kafka-(topic|partition|offset|timestamp|key|tombstone|exact)$/
const MARK = 'record-'
const MARKED = /^(record-)+kafka-(topic|partition|offset|timestamp|key|tombstone|exact)$/

/** The headers of a record, where those with a name of ours get another one. */
function marking(headers: FetchedRecord['headers']): Record<string, string> {
  const names = Object.entries(headers)
  return Object.fromEntries(
    names.map(([name, value]) => [OWN.test(name) || MARKED.test(name) ? MARK + name : name, value]),
  )
}

const encoder = new TextEncoder()

function deadHeaders({ record, consumer }: Known, why: GivenUp): Record<string, string> {
  const { topic, partition, offset } = record
  return {
    'inlet-dead-consumer': consumer.name,
    'inlet-dead-topic': topic,
    'inlet-dead-partition': String(partition),
    'inlet-dead-offset': String(offset),
    'inlet-dead-key': (keyOf(record) ?? '').slice(0, REASON_CHARS_MAX),
    'inlet-dead-code': why.code,
    'inlet-dead-error': why.detail.slice(0, REASON_CHARS_MAX),
    'inlet-dead-attempts': String(why.attempts),
  }
}

const NOTHING = new Uint8Array()

/** Who may write to a topic is Kafka's to prove: what is read from it is taken as it is. */
function toBody(value: Uint8Array | null): VerifiedBody {
  return (value ?? NOTHING) as VerifiedBody
}
