/**
 * What the relay reads. Only ever through a connection of its own; it changes nothing: marks
 * go to the writer.
 */
import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import { assert } from '../src/assert.ts'
import type { EpochMs } from '../src/clock.ts'
import { lazily } from '../src/lazily.ts'
import type { EntryException, ExceptionStatus, OutboxEntry } from '../src/outbox.ts'
import { openBodies, readOrDamage } from './bodies.ts'
import type { Reader } from './open.ts'
import { inbox, outbox, outboxExceptions } from './schema.ts'

/**
 * Exceptions of one status are counted up to here. Counting 2,000,000 takes 82 ms of the event
 * loop, these 0.7, and whoever looks at the number does the same above it.
 */
export const EXCEPTIONS_COUNTED_MAX = 10_000

export interface SetAsideEntry {
  readonly entry: OutboxEntry
  readonly exception: EntryException
}

/** What is not yet published, and why. */
export interface OutboxLag {
  /** Entries above the high-water mark. */
  readonly pending: number
  /** The seq of the last entry, published or not. */
  readonly lastSeq: number
  /** When the event of the oldest of them was received; null where there is none. */
  readonly oldestReceivedAt: EpochMs | null
  /** Exceptions by status; EXCEPTIONS_COUNTED_MAX means that there are as many or more. */
  readonly retry: number
  readonly blocked: number
  readonly dead: number
}

export interface Outbox {
  /** The high-water mark: every entry up to here is published, or has an exception. */
  progress(): number
  /**
   * Entries with `after` < seq <= `upTo` in seq order: at most `entriesMax`, and as many
   * as fit into `bytesMax` of values, but always one where there is one. `upTo` is what
   * the writer calls synced.
   */
  pending(range: {
    readonly after: number
    readonly upTo: number
    readonly entriesMax: number
    readonly bytesMax: number
  }): readonly OutboxEntry[]
  /** Entries of a topic with this status in seq order, bounded like `pending`. */
  exceptions(query: {
    readonly status: ExceptionStatus
    readonly topic: string
    readonly limit: number
    readonly bytesMax: number
  }): readonly SetAsideEntry[]
  /** Topics that have entries with status `retry`. */
  retryTopics(): readonly string[]
  /** Of each of these topics the earliest of them, without its entry: that may be megabytes. */
  heads(): readonly EntryException[]
  /** Keys that have entries with status `blocked`. */
  blockedKeys(): readonly { readonly topic: string; readonly key: string }[]
  lag(): OutboxLag
}

export function openOutbox(reader: Reader): Outbox {
  const counts = prepareCounts(reader)
  // In the thread that publishes, and for people: no call waits for them at a start.
  const statements = lazily(() => prepareStatements(reader))
  const bodies = lazily(() => openBodies(reader))

  /**
   * The longest head of the rows whose values fit, always one. Values come from two places: the
   * record or the event.
   */
  function toEntries(rows: readonly EntryRow[], bytesMax: number): readonly OutboxEntry[] {
    return takeBytes(rows, bytesMax).map(
      ({ chunkSeq, bodyOffset, bodyLength, valueLength, hasEvent, ...entry }) => {
        const { seq, inboxSeq } = entry
        const { bytes: value, ...damage } = readOrDamage(() => {
          assert(hasEvent === 1, `event ${inboxSeq} is there`)
          if (valueLength === null) return bodies().read({ chunkSeq, bodyOffset, bodyLength })
          const value = statements().value.get({ seq })?.value
          assert(value instanceof Uint8Array, `outbox entry ${seq} has its value`)
          return value
        })
        return { ...entry, value, ...damage }
      },
    )
  }

  return {
    progress: () => counts.progress.get()?.highWater ?? 0,
    pending({ after, upTo, entriesMax, bytesMax }) {
      return toEntries(statements().pending.all(after, upTo, entriesMax), bytesMax)
    },
    exceptions({ status, topic, limit, bytesMax }) {
      const rows = statements().exceptions.all({ status, topic, limit })
      const entries = toEntries(
        rows.map((row) => row.entry),
        bytesMax,
      )
      return entries.map((entry, index) => {
        const row = rows[index]
        assert(row?.exception.seq === entry.seq, 'an exception stands beside its entry')
        return { entry, exception: row.exception }
      })
    },
    retryTopics: () => counts.retryTopics.all().map(({ topic }) => topic),
    heads: () => statements().heads.all(),
    blockedKeys: () => statements().blockedKeys.all(),
    lag() {
      const row = counts.lag.get()
      assert(row !== null, 'there is always a mark')
      const { highWater, ...lag } = row
      // Seqs have no gaps: the writer counts them itself and takes a number back
      // when it rolls back.
      return { pending: Math.max(0, lag.lastSeq - highWater), ...lag }
    },
  }
}

type EntryRow = Omit<OutboxEntry, 'value'> & {
  readonly chunkSeq: number
  readonly bodyOffset: number
  readonly bodyLength: number
  readonly valueLength: number | null
  /** 1, or 0 where the event is gone. */
  readonly hasEvent: number
}

function takeBytes(rows: readonly EntryRow[], bytesMax: number): readonly EntryRow[] {
  let bytes = 0
  let length = 0
  for (const { valueLength, bodyLength } of rows) {
    bytes += valueLength ?? bodyLength
    if (length > 0 && bytes > bytesMax) break
    length += 1
  }
  return rows.slice(0, length)
}

/**
 * Beside a left join: an entry whose event is gone must be seen, where an inner join would let the
 * mark pass over it. What it lacks is empty. Each has the name of its field, for
 * statements that are not run by Drizzle.
 */
const ENTRY_COLUMNS = {
  seq: outbox.seq,
  n: outbox.n,
  topic: outbox.topic,
  key: outbox.key,
  headers: outbox.headers,
  // SQLite answers the length of a blob without reading it.
  valueLength: sql<number | null>`length(${outbox.value})`.as('valueLength'),
  inboxSeq: sql<number>`${outbox.inboxSeq}`.as('inboxSeq'),
  hasEvent: sql<number>`${inbox.seq} IS NOT NULL`.as('hasEvent'),
  source: orEmpty(inbox.source, 'source'),
  eventId: orEmpty(inbox.eventId, 'eventId'),
  type: orEmpty(inbox.type, 'type'),
  contentType: orEmpty(inbox.contentType, 'contentType'),
  eventHeaders: sql<string | null>`${inbox.headers}`.as('eventHeaders'),
  receivedAt: orZero(inbox.receivedAt, 'receivedAt'),
  chunkSeq: orZero(inbox.chunkSeq, 'chunkSeq'),
  bodyOffset: orZero(inbox.bodyOffset, 'bodyOffset'),
  bodyLength: orZero(inbox.bodyLength, 'bodyLength'),
}

function orEmpty(column: SQLiteColumn, name: keyof EntryRow) {
  return sql<string>`coalesce(${column}, '')`.as(name)
}

function orZero(column: SQLiteColumn, name: keyof EntryRow) {
  return sql<number>`coalesce(${column}, 0)`.as(name)
}

const EXCEPTION_COLUMNS = {
  seq: outboxExceptions.seq,
  status: outboxExceptions.status,
  topic: outboxExceptions.topic,
  key: outboxExceptions.key,
  attempts: outboxExceptions.attempts,
  nextAt: outboxExceptions.nextAt,
  code: outboxExceptions.code,
  reason: outboxExceptions.reason,
}

/** Steps from topic to topic on the index: a missing topic may hold millions of entries. */
const FOUND_TOPICS = `
  WITH RECURSIVE found (topic) AS (
    SELECT min(topic) FROM outbox_exceptions WHERE status = 'retry'
    UNION ALL
    SELECT (SELECT min(topic) FROM outbox_exceptions WHERE status = 'retry' AND topic > found.topic)
    FROM found WHERE found.topic IS NOT NULL
  )`

const RETRY_TOPICS = `${FOUND_TOPICS} SELECT topic FROM found WHERE topic IS NOT NULL`

/** The names of the columns are those of `EntryException`. */
const HEADS = `${FOUND_TOPICS}
  SELECT head.seq, status, head.topic, key, attempts, next_at AS nextAt, code, reason
  FROM found JOIN outbox_exceptions AS head ON head.seq = (
    SELECT min(seq) FROM outbox_exceptions WHERE status = 'retry' AND topic = found.topic
  )`

function prepareStatements({ orm, client }: Reader) {
  const slot = sql.placeholder
  return {
    // As SQLite gives them: on Drizzle's way to them they take 5.3 µs a row instead of 0.7.
    pending: client.prepare<EntryRow, [after: number, upTo: number, entriesMax: number]>(
      orm
        .select(ENTRY_COLUMNS)
        .from(outbox)
        .leftJoin(inbox, eq(inbox.seq, outbox.inboxSeq))
        .where(and(gt(outbox.seq, slot('after')), lte(outbox.seq, slot('upTo'))))
        .orderBy(asc(outbox.seq))
        .limit(slot('entriesMax'))
        .toSQL().sql,
    ),
    value: orm
      .select({ value: outbox.value })
      .from(outbox)
      .where(eq(outbox.seq, slot('seq')))
      .prepare(),
    exceptions: orm
      .select({ entry: ENTRY_COLUMNS, exception: EXCEPTION_COLUMNS })
      .from(outboxExceptions)
      .innerJoin(outbox, eq(outbox.seq, outboxExceptions.seq))
      .leftJoin(inbox, eq(inbox.seq, outbox.inboxSeq))
      .where(
        and(eq(outboxExceptions.status, slot('status')), eq(outboxExceptions.topic, slot('topic'))),
      )
      .orderBy(asc(outboxExceptions.seq))
      .limit(slot('limit'))
      .prepare(),
    heads: client.prepare<EntryException, []>(HEADS),
    blockedKeys: orm
      .selectDistinct({ topic: outboxExceptions.topic, key: outboxExceptions.key })
      .from(outboxExceptions)
      .where(eq(outboxExceptions.status, sql`'blocked'`))
      .prepare(),
  }
}

/** In one look, and by no more than its index: it is asked for every ten seconds. */
const LAG = `
  WITH mark (seq) AS (SELECT coalesce(max(high_water), 0) FROM relay_progress)
  SELECT mark.seq AS highWater,
    (SELECT coalesce(max(seq), 0) FROM outbox) AS lastSeq,
    (SELECT received_at FROM outbox JOIN inbox ON inbox.seq = inbox_seq
      WHERE outbox.seq > mark.seq ORDER BY outbox.seq LIMIT 1) AS oldestReceivedAt,
    ${countOf('retry')} AS retry, ${countOf('blocked')} AS blocked, ${countOf('dead')} AS dead
  FROM mark`

function countOf(status: ExceptionStatus): string {
  return `(SELECT count(*) FROM (
    SELECT 1 FROM outbox_exceptions WHERE status = '${status}' LIMIT ${EXCEPTIONS_COUNTED_MAX}))`
}

/** Not by Drizzle: a start prepares them before it answers anybody. */
function prepareCounts({ client }: Reader) {
  return {
    progress: client.prepare<{ highWater: number }, []>(
      'SELECT high_water AS highWater FROM relay_progress',
    ),
    retryTopics: client.prepare<{ topic: string }, []>(RETRY_TOPICS),
    lag: client.prepare<Omit<OutboxLag, 'pending'> & { readonly highWater: number }, []>(LAG),
  }
}
