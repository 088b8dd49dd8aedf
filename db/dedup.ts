/**
 * Recognises redeliveries: the exact ids of the retention window, in buckets by the
 * file's lifetime when they came in.
 *
 * Inserts go into the newest bucket, whose pages are warm, and a whole bucket expires at once. A
 * look-up asks each bucket, newest first: with a bucket a quarter of the window there are at
 * most five that can hold a valid id. A unique index on the inbox would be simpler; measured at
 * 1.6 million random ids it made a row cost 29 µs, not 18, and the WAL four times as large,
 * because it never appends.
 */
import { and, desc, eq, getTableColumns, inArray, lte, sql } from 'drizzle-orm'
import type { NewEvent } from '../src/event.ts'
import type { InletDatabase } from './open.ts'
import { dedup, dedupBuckets } from './schema.ts'
import { slots } from './slots.ts'

const BUCKETS_PER_WINDOW = 4

/** Rows forgotten in one transaction: about 5 ms. */
const FORGET_ROWS_MAX = 1_000

/** The first delivery of an event. */
export interface FirstDelivery {
  readonly inboxSeq: number
  readonly bodyHash: number
}

export interface Dedup {
  /** Starts a batch: ids remembered from now on count as received now. Inside a transaction. */
  startBatch(): void
  /**
   * The earlier delivery of this event, if its id is still valid. Sees the batch that is under way.
   */
  find(event: NewEvent): FirstDelivery | undefined
  remember(event: NewEvent, first: FirstDelivery): void
  /**
   * Deletes a slice of what is older than the window; `more` where the next call
   * finds work as well.
   */
  forget(): { readonly deleted: number; readonly more: boolean }
}

export function openDedup(
  database: InletDatabase,
  options: { readonly retentionMs: number },
): Dedup {
  const { retentionMs } = options
  const { lifetime } = database
  const bucketMs = Math.ceil(retentionMs / BUCKETS_PER_WINDOW)
  const statements = prepareStatements(database)
  let bucket = 0

  return {
    startBatch() {
      bucket = Math.floor(lifetime.nowMs() / bucketMs) * bucketMs
      statements.addBucket.run({ start: bucket, endsAt: bucket + bucketMs })
    },
    find({ source, eventId, eventIdValidMs, receivedAt }) {
      const row = statements.find.get({ source, eventId })
      if (row === undefined || row.validUntil === null) return row
      const leftMs = row.validUntil - receivedAt
      // Validity is the wall clock's. An id that one far ahead has left must not swallow new
      // events until then: what has more left than twice its time was not received just now.
      return leftMs > 0 && leftMs < 2 * (eventIdValidMs ?? Infinity) ? row : undefined
    },
    remember({ source, eventId, eventIdValidMs, receivedAt }, first) {
      const validUntil = eventIdValidMs === undefined ? null : receivedAt + eventIdValidMs
      statements.remember.run({ bucket, source, eventId, validUntil, ...first })
    },
    forget() {
      const expired = statements.expired.get({ endedBy: lifetime.nowMs() - retentionMs })
      if (expired === undefined) return { deleted: 0, more: false }
      const deleted = database.write(() => {
        const rows = statements.forgetRows.all({ bucket: expired.start }).length
        if (rows < FORGET_ROWS_MAX) statements.dropBucket.run({ start: expired.start })
        return rows
      })
      return { deleted, more: true }
    },
  }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  return {
    addBucket: orm
      .insert(dedupBuckets)
      .values(slots(getTableColumns(dedupBuckets)))
      .onConflictDoNothing()
      .prepare(),
    find: orm
      .select({
        inboxSeq: dedup.inboxSeq,
        bodyHash: dedup.bodyHash,
        validUntil: dedup.validUntil,
      })
      .from(dedupBuckets)
      .crossJoin(dedup)
      .where(
        and(
          eq(dedup.bucket, dedupBuckets.start),
          eq(dedup.source, slot('source')),
          eq(dedup.eventId, slot('eventId')),
        ),
      )
      .orderBy(desc(dedupBuckets.start))
      .limit(1)
      .prepare(),
    // The conflict is an id that is no longer valid: it names a new event now.
    remember: orm
      .insert(dedup)
      .values(slots(getTableColumns(dedup)))
      .onConflictDoUpdate({
        target: [dedup.bucket, dedup.source, dedup.eventId],
        set: {
          inboxSeq: sql`excluded.inbox_seq`,
          bodyHash: sql`excluded.body_hash`,
          validUntil: sql`excluded.valid_until`,
        },
      })
      .prepare(),
    expired: orm
      .select({ start: dedupBuckets.start })
      .from(dedupBuckets)
      .where(lte(dedupBuckets.endsAt, slot('endedBy')))
      .orderBy(dedupBuckets.start)
      .limit(1)
      .prepare(),
    forgetRows: orm
      .delete(dedup)
      .where(
        and(
          eq(dedup.bucket, slot('bucket')),
          inArray(
            sql`(${dedup.source}, ${dedup.eventId})`,
            orm
              .select({ source: dedup.source, eventId: dedup.eventId })
              .from(dedup)
              .where(eq(dedup.bucket, slot('bucket')))
              .limit(FORGET_ROWS_MAX),
          ),
        ),
      )
      .returning({ inboxSeq: dedup.inboxSeq })
      .prepare(),
    dropBucket: orm
      .delete(dedupBuckets)
      .where(eq(dedupBuckets.start, slot('start')))
      .prepare(),
  }
}
