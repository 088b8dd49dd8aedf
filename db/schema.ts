/**
 * The tables. No foreign keys: rows that belong together are written and dropped together, by
 * range. Small columns come before blobs, so that reading them never walks a blob's overflow pages.
 */
import { eq, sql } from 'drizzle-orm'
import {
  customType,
  index,
  integer,
  primaryKey,
  sqliteTable,
  sqliteView,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import type { FaultCode } from '../src/faults/faults.ts'
import type { EventState } from '../src/event.ts'
import type { ExceptionStatus } from '../src/outbox.ts'
import type { RerunKind, RerunState } from '../src/rerun.ts'

/**
 * Bytes as bun:sqlite takes and gives them. Drizzle's own blob column would copy every
 * one into a Buffer.
 */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'blob' })

/**
 * One row a commit: the exact bodies of its events, one after the other. Retention drops it whole.
 */
export const chunks = sqliteTable('chunks', {
  seq: integer().primaryKey({ autoIncrement: true }),
  /** By the file's lifetime, not a date: see db/lifetime.ts. */
  committedAt: integer('committed_at').notNull(),
  /** The events of this commit are the inbox rows with seq in [inboxFirst, inboxLast]. */
  inboxFirst: integer('inbox_first').notNull(),
  inboxLast: integer('inbox_last').notNull(),
  bodies: bytes().notNull(),
  /** How long `bodies` is unpacked: it is zstd. Null: it is as it came. See db/packing.ts. */
  rawBytes: integer('raw_bytes'),
  /** Of `bodies` where it is packed. Both stand behind it, and are read with it only. */
  packedHash: integer('packed_hash'),
})

/** Every event that was acknowledged, in commit order. Append only, but for state changes. */
export const inbox = sqliteTable(
  'inbox',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    receivedAt: integer('received_at').notNull(),
    state: text().$type<EventState>().notNull(),
    source: text().notNull(),
    eventId: text('event_id').notNull(),
    type: text().notNull(),
    key: text().notNull(),
    contentType: text('content_type').notNull(),
    headers: text(),
    reason: text(),
    chunkSeq: integer('chunk_seq').notNull(),
    bodyOffset: integer('body_offset').notNull(),
    bodyLength: integer('body_length').notNull(),
    /** Null where the row is older than this column, and its id no longer counted then. */
    bodyHash: integer('body_hash'),
    /** Until when its id names this event, by the wall clock. Null: as long as the row is kept. */
    idValidUntil: integer('id_valid_until'),
  },
  // Accepted events are the many and are found by seq; the others are few and looked for.
  (table) => [
    index('inbox_not_accepted')
      .on(table.state, table.seq)
      .where(sql`${table.state} <> 'accepted'`),
  ],
)

/**
 * Requests that brought several events, whole: one row for those events of it that were new.
 * Their own bytes are slices of these, in the same chunk.
 */
export const batches = sqliteTable('batches', {
  /** The events are the inbox rows with seq in [inboxFirst, inboxLast]. */
  inboxFirst: integer('inbox_first').primaryKey(),
  inboxLast: integer('inbox_last').notNull(),
  bodyOffset: integer('body_offset').notNull(),
  bodyLength: integer('body_length').notNull(),
})

/** The tries of events whose handler asked for another one. `nextAt` is null once that is over. */
export const handlerRetries = sqliteTable(
  'handler_retries',
  {
    inboxSeq: integer('inbox_seq').primaryKey(),
    attempts: integer().notNull(),
    nextAt: integer('next_at'),
  },
  (table) => [
    index('handler_retries_due')
      .on(table.nextAt)
      .where(sql`${table.nextAt} is not null`),
  ],
)

/**
 * Duplicates that came with other bytes than the first delivery: how many, and the first of them.
 */
export const variants = sqliteTable('variants', {
  inboxSeq: integer('inbox_seq').primaryKey(),
  count: integer().notNull(),
  firstReceivedAt: integer('first_received_at').notNull(),
  firstBody: bytes('first_body').notNull(),
})

/**
 * Intentions to publish, in commit order. Append only; what became of them is in
 * the three tables below.
 */
export const outbox = sqliteTable(
  'outbox',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    inboxSeq: integer('inbox_seq').notNull(),
    n: integer().notNull(),
    topic: text().notNull(),
    key: text().notNull(),
    headers: text(),
    value: bytes(),
  },
  // Ascending, so it is an append as well. It lets retention ask for the entries of
  // a range of events.
  (table) => [index('outbox_inbox_seq').on(table.inboxSeq)],
)

/**
 * One row: every entry with seq ≤ `highWater` is published, but for those in `outbox_exceptions`.
 */
export const relayProgress = sqliteTable('relay_progress', {
  id: integer().primaryKey(),
  highWater: integer('high_water').notNull(),
  at: integer().notNull(),
})

/** Entries off the straight path. Each has seq ≤ the high-water mark. */
export const outboxExceptions = sqliteTable(
  'outbox_exceptions',
  {
    seq: integer().primaryKey(),
    status: text().$type<ExceptionStatus>().notNull(),
    topic: text().notNull(),
    key: text().notNull(),
    attempts: integer().notNull(),
    nextAt: integer('next_at'),
    code: text().$type<FaultCode>().notNull(),
    reason: text().notNull(),
  },
  (table) => [
    index('outbox_exceptions_status').on(table.status, table.topic, table.seq),
    // What waits behind a refused record of its key is freed with it.
    index('outbox_exceptions_blocked_key')
      .on(table.topic, table.key)
      .where(sql`${table.status} = 'blocked'`),
  ],
)

/** Where published entries landed: a row a batch and partition. */
export const publishLog = sqliteTable('publish_log', {
  id: integer().primaryKey({ autoIncrement: true }),
  /** By the file's lifetime. */
  at: integer().notNull(),
  topic: text().notNull(),
  partition: integer().notNull(),
  seqFirst: integer('seq_first').notNull(),
  seqLast: integer('seq_last').notNull(),
  records: integer().notNull(),
  /** Text: Kafka's offsets are 64-bit, JavaScript's numbers are not. */
  baseOffset: text('base_offset').notNull(),
  /** How many partitions the topic had; null where the row is older, or the sink does not say. */
  partitions: integer(),
  /** By the wall clock; null where the row is older. */
  publishedAt: integer('published_at'),
})

/** The ids of older events, a row a run of them. See db/dedup.ts. */
export const dedupRuns = sqliteTable('dedup_runs', {
  run: integer().primaryKey(),
  /** The last inbox seq in it: those of the next run follow. */
  seqLast: integer('seq_last').notNull(),
  /** By the file's lifetime: when its last id came in, or later. */
  endsAt: integer('ends_at').notNull(),
})

/** Their hashes, a row a slice: those of run r are r × SLICES_PER_RUN and what follows. */
export const dedupSlices = sqliteTable('dedup_slices', {
  id: integer().primaryKey(),
  /** 8 bytes an id, as words of this machine: see db/id-slices.ts. */
  ids: bytes().notNull(),
})

/** What was answered to requests that carried an `Idempotency-Key`. See db/idempotency-keys.ts. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    /** Ascending with time: retention takes the oldest without an index of their own. */
    id: integer().primaryKey({ autoIncrement: true }),
    /** By the file's lifetime. */
    answeredAt: integer('answered_at').notNull(),
    caller: text().notNull(),
    key: text().notNull(),
    requestHash: text('request_hash').notNull(),
    status: integer().notNull(),
  },
  (table) => [uniqueIndex('idempotency_keys_caller_key').on(table.caller, table.key)],
)

/**
 * Replays, republishes and redrives that somebody asked for: how far each is, and for ever after
 * who did what and when.
 */
export const reruns = sqliteTable('reruns', {
  seq: integer().primaryKey({ autoIncrement: true }),
  /** Names it in `inlet-replay`, the header of all that it publishes. */
  id: text().notNull().unique(),
  kind: text().$type<RerunKind>().notNull(),
  state: text().$type<RerunState>().notNull(),
  /** Which events it is about, as JSON. */
  query: text().notNull(),
  by: text().notNull(),
  createdAt: integer('created_at').notNull(),
  finishedAt: integer('finished_at'),
  /** Everything up to here is done: seqs of the inbox, for a redrive of the outbox. */
  cursor: integer().notNull(),
  /** And this is the last that it is about: what came later is not. */
  bound: integer().notNull(),
  perSecond: integer('per_second').notNull(),
  /** Null where nobody has counted to the end. */
  total: integer(),
  done: integer().notNull(),
  failed: integer().notNull(),
  records: integer().notNull(),
  /** Processes that have begun to work on it since its last step. */
  starts: integer().notNull(),
  reason: text(),
})

/** How far consumers are: every record of the partition below the offset is processed. */
export const consumerPositions = sqliteTable(
  'consumer_positions',
  {
    group: text().notNull(),
    topic: text().notNull(),
    partition: integer().notNull(),
    offset: integer().notNull(),
    /** Of the file that stored it: another than this one's where it comes from a backup. */
    epoch: text(),
  },
  (table) => [primaryKey({ columns: [table.group, table.topic, table.partition] })],
)

/** What consumers keep for a key: the last value that a record of it has set. */
export const consumerState = sqliteTable(
  'consumer_state',
  {
    owner: text().notNull(),
    key: text().notNull(),
    value: text().notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.key] })],
)

/** The windows of consumers that are open, or that still take what is late. */
export const consumerWindows = sqliteTable(
  'consumer_windows',
  {
    owner: text().notNull(),
    topic: text().notNull(),
    partition: integer().notNull(),
    key: text().notNull(),
    start: integer().notNull(),
    end: integer().notNull(),
    /** The watermark of the partition at which it closes, or goes. */
    dueAt: integer('due_at').notNull(),
    isClosed: integer('is_closed', { mode: 'boolean' }).notNull(),
    state: text().notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.owner, table.topic, table.partition, table.key, table.start, table.end],
    }),
    index('consumer_windows_due').on(table.owner, table.topic, table.partition, table.dueAt),
  ],
)

/** How far event time is in the partitions of consumers that have windows. */
export const consumerWatermarks = sqliteTable(
  'consumer_watermarks',
  {
    owner: text().notNull(),
    topic: text().notNull(),
    partition: integer().notNull(),
    watermark: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.topic, table.partition] })],
)

/**
 * What recognises redeliveries in the portable store, where no process has the ids in memory; empty
 * in the core's, which has `dedup_runs`. An identity whose event is not in the inbox counts for
 * nothing.
 */
export const identities = sqliteTable(
  'identities',
  {
    source: text().notNull(),
    eventId: text('event_id').notNull(),
    inboxSeq: integer('inbox_seq').notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.eventId] })],
)

/** One row in the portable store, which any number of processes share: who of them publishes. */
export const leases = sqliteTable('leases', {
  id: integer().primaryKey(),
  holder: text().notNull(),
  /** By the wall clock. */
  expiresAt: integer('expires_at').notNull(),
  /** Every event with seq ≤ `eventsTo` is handed on to a core node. */
  eventsTo: integer('events_to').notNull(),
  /** The hash of the last mark: whether one is stored whose answer was lost. */
  lastMark: text('last_mark').notNull(),
})

/** Facts about this file: `epoch`, `node_name`, `lifetime_ms`. */
export const meta = sqliteTable('meta', {
  name: text().primaryKey(),
  value: text().notNull(),
})

const { bodyOffset, bodyLength } = inbox
const slice = sql`substr(${chunks.bodies}, ${bodyOffset} + 1, ${bodyLength})`
const sliceOfChunk = sql<Uint8Array | null>`case when ${chunks.rawBytes} is null then ${slice} end`

/**
 * For people with a SQL shell: every event, with its body where its chunk is not packed, else NULL.
 * SQL cannot unpack it; `inlet events show` does.
 */
export const events = sqliteView('events').as((query) =>
  query
    .select({
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
      body: sliceOfChunk.as('body'),
    })
    .from(inbox)
    .innerJoin(chunks, eq(chunks.seq, inbox.chunkSeq)),
)
