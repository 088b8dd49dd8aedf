/**
 * What people ask about events: the CLI and the admin port. Reads through a connection of its own.
 * Which events there are to show, event-search.ts finds.
 */
import { asc, desc, eq, gte, lte, max, min, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import type { EventState } from '../src/event.ts'
import type { FaultCode } from '../src/faults/faults.ts'
import type { EntryStatus } from '../src/outbox.ts'
import { openBodies, readOrDamage } from './bodies.ts'
import type { Reader } from './open.ts'
import {
  batches,
  handlerRetries,
  inbox,
  outbox,
  outboxExceptions,
  relayProgress,
  variants,
} from './schema.ts'

export interface StoredEvent {
  readonly seq: number
  readonly receivedAt: EpochMs
  readonly state: EventState
  readonly source: string
  readonly eventId: string
  readonly type: string
  readonly key: string
  readonly contentType: string
  /** Allow-listed request headers, one JSON object; null where none is kept. */
  readonly headers: string | null
  readonly reason: string | null
  readonly bodyLength: number
  /** Tries of its handler, where it asked for more than one; null where it did not. */
  readonly attempts: number | null
  /** When the next try is due; null where there will be none. */
  readonly nextTryAt: EpochMs | null
}

/** A record of an event, and how far it has come. */
export interface StoredRecord {
  readonly seq: number
  readonly n: number
  readonly topic: string
  readonly key: string
  readonly headers: string | null
  /** Null: the bytes of the event, unchanged. */
  readonly value: Uint8Array | null
  readonly status: EntryStatus
  readonly attempts: number
  readonly nextAt: EpochMs | null
  readonly code: FaultCode | null
  readonly reason: string | null
}

/** Duplicates of an event that came with other bytes. */
export interface StoredVariants {
  readonly count: number
  readonly firstReceivedAt: EpochMs
  readonly firstBody: Uint8Array
}

/** The request that brought an event together with others. */
export interface StoredBatch {
  /** The events that it brought and that were new: these, and all between. */
  readonly seqFirst: number
  readonly seqLast: number
  /** All that it brought; empty where it is damaged. */
  readonly body: Uint8Array
  readonly bodyLength: number
}

export interface StoredEventDetail extends StoredEvent {
  readonly body: Uint8Array
  /** Why its bytes cannot be read, its body being empty then; null where they can. */
  readonly damage: string | null
  readonly records: readonly StoredRecord[]
  readonly variants: StoredVariants | null
  /** Null where it came alone. */
  readonly batch: StoredBatch | null
}

/** An event in a list, with how far its records have come. */
export interface ListedEvent extends StoredEvent {
  /** The status of the record that has come least far; null where there is none. */
  readonly records: EntryStatus | null
}

export interface Inbox {
  /** These events, in this order; without those that retention has taken since. */
  rows(seqs: readonly number[]): readonly ListedEvent[]
  bySeq(seq: number): StoredEventDetail | undefined
  /** When the event of this seq, or the next one there is, was received. */
  receivedAt(seq: number): EpochMs | null
  /** 0 where there is no event. */
  firstSeq(): number
  lastSeq(): number
  countByState(): Readonly<Record<EventState, number>>
}

export function openInbox(reader: Reader): Inbox {
  const statements = {
    ...prepareLookUps(reader),
    ...prepareDetails(reader),
  }
  const bodies = openBodies(reader)

  function toDetail(row: EventRow): StoredEventDetail {
    const { chunkSeq, bodyOffset, ...event } = row
    const highWater = statements.progress.get()?.highWater ?? 0
    const records = statements.records.all({ seq: event.seq })
    const place = { chunkSeq, bodyOffset, bodyLength: event.bodyLength }
    const { bytes: body, damage = null } = readOrDamage(() => bodies.read(place))
    return {
      ...event,
      body,
      damage,
      records: records.map(({ status, attempts, ...record }) => ({
        ...record,
        status: status ?? (record.seq > highWater ? 'pending' : 'published'),
        attempts: attempts ?? 0,
      })),
      variants: statements.variants.get({ seq: event.seq }) ?? null,
      batch: batchOf(event.seq, chunkSeq),
    }
  }

  function batchOf(seq: number, chunkSeq: number): StoredBatch | null {
    const row = statements.batch.get({ seq })
    if (row === undefined || row.seqLast < seq) return null
    const { seqFirst, seqLast, ...place } = row
    const { bytes: body } = readOrDamage(() => bodies.read({ chunkSeq, ...place }))
    return { seqFirst, seqLast, body, bodyLength: place.bodyLength }
  }

  /** The record of an event that has come least far stands for all of them. */
  function toListed(event: StoredEvent): ListedEvent {
    const highWater = statements.progress.get()?.highWater ?? 0
    const statuses = statements.records
      .all({ seq: event.seq })
      .map(({ status, seq }) => status ?? (seq > highWater ? 'pending' : 'published'))
    return { ...event, records: LEAST_FAR.find((status) => statuses.includes(status)) ?? null }
  }

  return {
    rows: (seqs) => seqs.flatMap((seq) => statements.row.get({ seq }) ?? []).map(toListed),
    bySeq(seq) {
      const row = statements.bySeq.get({ seq })
      return row === undefined ? undefined : toDetail(row)
    },
    receivedAt: (seq) => statements.receivedAt.get({ seq })?.receivedAt ?? null,
    firstSeq: () => statements.firstSeq.get()?.seq ?? 0,
    lastSeq: () => statements.lastSeq.get()?.seq ?? 0,
    countByState() {
      const counts = { accepted: 0, ignored: 0, invalid: 0, failed: 0 }
      for (const { state, count } of statements.countByState.all()) counts[state] = count
      return counts
    },
  }
}

const LEAST_FAR: readonly EntryStatus[] = ['dead', 'blocked', 'retry', 'pending', 'published']

type EventRow = StoredEvent & { readonly chunkSeq: number; readonly bodyOffset: number }

const EVENT_COLUMNS = {
  seq: inbox.seq,
  receivedAt: inbox.receivedAt,
  state: inbox.state,
  source: inbox.source,
  eventId: inbox.eventId,
  type: inbox.type,
  key: inbox.key,
  contentType: inbox.contentType,
  headers: inbox.headers,
  reason: inbox.reason,
  bodyLength: inbox.bodyLength,
  attempts: handlerRetries.attempts,
  nextTryAt: handlerRetries.nextAt,
}

const ROW_COLUMNS = { ...EVENT_COLUMNS, chunkSeq: inbox.chunkSeq, bodyOffset: inbox.bodyOffset }

function prepareLookUps({ orm }: Reader) {
  const slot = sql.placeholder
  const ofSeq = eq(inbox.seq, slot('seq'))
  const tried = eq(handlerRetries.inboxSeq, inbox.seq)
  return {
    row: orm
      .select(EVENT_COLUMNS)
      .from(inbox)
      .leftJoin(handlerRetries, tried)
      .where(ofSeq)
      .prepare(),
    bySeq: orm
      .select(ROW_COLUMNS)
      .from(inbox)
      .leftJoin(handlerRetries, tried)
      .where(ofSeq)
      .prepare(),
    receivedAt: orm
      .select({ receivedAt: inbox.receivedAt })
      .from(inbox)
      .where(gte(inbox.seq, slot('seq')))
      .orderBy(asc(inbox.seq))
      .limit(1)
      .prepare(),
    firstSeq: orm
      .select({ seq: min(inbox.seq) })
      .from(inbox)
      .prepare(),
    lastSeq: orm
      .select({ seq: max(inbox.seq) })
      .from(inbox)
      .prepare(),
    countByState: orm
      .select({ state: inbox.state, count: sql<number>`count(*)` })
      .from(inbox)
      .groupBy(inbox.state)
      .prepare(),
  }
}

function prepareDetails({ orm }: Reader) {
  const slot = sql.placeholder
  return {
    progress: orm.select({ highWater: relayProgress.highWater }).from(relayProgress).prepare(),
    records: orm
      .select({
        seq: outbox.seq,
        n: outbox.n,
        topic: outbox.topic,
        key: outbox.key,
        headers: outbox.headers,
        value: outbox.value,
        status: outboxExceptions.status,
        attempts: outboxExceptions.attempts,
        nextAt: outboxExceptions.nextAt,
        code: outboxExceptions.code,
        reason: outboxExceptions.reason,
      })
      .from(outbox)
      .leftJoin(outboxExceptions, eq(outboxExceptions.seq, outbox.seq))
      .where(eq(outbox.inboxSeq, slot('seq')))
      .orderBy(asc(outbox.seq))
      .prepare(),
    // The last that begins at or before it: whether it reaches that far is looked at then.
    batch: orm
      .select({
        seqFirst: batches.inboxFirst,
        seqLast: batches.inboxLast,
        bodyOffset: batches.bodyOffset,
        bodyLength: batches.bodyLength,
      })
      .from(batches)
      .where(lte(batches.inboxFirst, slot('seq')))
      .orderBy(desc(batches.inboxFirst))
      .limit(1)
      .prepare(),
    variants: orm
      .select({
        count: variants.count,
        firstReceivedAt: variants.firstReceivedAt,
        firstBody: variants.firstBody,
      })
      .from(variants)
      .where(eq(variants.inboxSeq, slot('seq')))
      .prepare(),
  }
}
