import { and, asc, between, eq, gt, inArray, isNotNull, lt, lte, or, sql } from 'drizzle-orm'
import { failpoint } from '../src/failpoint.ts'
import { lazily } from '../src/lazily.ts'
import type { Dedup } from './dedup.ts'
import { blameOf } from './failures.ts'
import { openIdempotencyKeys } from './idempotency-keys.ts'
import type { InletDatabase } from './open.ts'
import { readNumber } from './pragmas.ts'
import { openRetries } from './retries.ts'
import {
  batches,
  chunks,
  inbox,
  outbox,
  outboxExceptions,
  publishLog,
  relayProgress,
  variants,
} from './schema.ts'

/** Commits looked at in one call. */
const CHUNKS_MAX = 64

/**
 * A slice ends once it has dropped this many events or this many bytes: a few ms of the event loop.
 */
const SLICE_EVENTS_MAX = 1_000
const SLICE_BYTES_MAX = 8 * 1024 * 1024

/** Rows of the publish log dropped in one transaction. */
const LOG_ROWS_MAX = 1_000

/**
 * Pages given back to the file system at a time, and how large a part of the file may lie
 * unused before any is.
 */
const VACUUM_PAGES = 256
const UNUSED_SHARE_MAX = 0.25

export interface Retention {
  /**
   * Deletes one slice of what is older than the retention time, by the file's lifetime. Events go
   * with everything of theirs, a commit at a time, and only once each of its entries is published:
   * what is pending, waiting, blocked or dead stays, however old, and so does an event that is
   * still to be tried. `more`: the next call will find work, too. Where the disk is full it
   * deletes nothing.
   *
   * Where the storage fails it, that is distrusted, and what SQLite says is thrown.
   */
  retainOnce(): { readonly deleted: number; readonly more: boolean }
}

/** What is committed before `beforeMs` goes. */
interface Sweep {
  readonly nowMs: number
  readonly beforeMs: number
}

export function openRetention(
  database: InletDatabase,
  options: { readonly retentionMs: number; readonly dedup: Dedup },
): Retention {
  const statements = lazily(() => ({ ...prepareQueries(database), ...prepareDeletes(database) }))
  const keys = openIdempotencyKeys(database)
  const retries = openRetries(database)

  /**
   * Where the sweep over the commits goes on: kept ones are passed by, and looked at again
   * in the next sweep.
   */
  let sweptTo = 0

  function dropChunks({ nowMs, beforeMs }: Sweep): { deleted: number; more: boolean } {
    const firstPending = statements().firstPending.get()?.inboxSeq ?? Number.MAX_SAFE_INTEGER
    const candidates = statements().candidates.all({ after: sweptTo })
    let deleted = 0
    let bytes = 0
    let more = candidates.length === CHUNKS_MAX
    database.write(() => {
      for (const { seq, committedAt, first, last, length } of candidates) {
        const isAhead = committedAt > nowMs
        // Commits are in the order of time, and so are pending entries: what follows
        // is not due either.
        if ((committedAt >= beforeMs && !isAhead) || last >= firstPending) {
          more = false
          break
        }
        if (deleted >= SLICE_EVENTS_MAX || bytes >= SLICE_BYTES_MAX) {
          more = true
          break
        }
        sweptTo = seq
        // By a clock that another version believed: it must not keep what follows.
        if (isAhead) continue
        if (statements().unfinished.get({ first, last }) !== undefined) continue
        if (retries.anyDue(first, last)) continue
        statements().dropOutbox.run({ first, last })
        statements().dropVariants.run({ first, last })
        retries.drop(first, last)
        statements().dropBatches.run({ first, last })
        statements().dropInbox.run({ first, last })
        statements().dropChunk.run({ seq })
        deleted += last - first + 1
        bytes += length
      }
      if (deleted > 0) failpoint('retention.deleting')
    })
    if (!more) sweptTo = 0
    return { deleted, more }
  }

  function dropLog(sweep: Sweep): { deleted: number; more: boolean } {
    const { length } = database.write(() => statements().dropLog.all({ ...sweep }))
    return { deleted: length, more: length === LOG_ROWS_MAX }
  }

  function retain(): { deleted: number; more: boolean } {
    const nowMs = database.lifetime.nowMs()
    const sweep = { nowMs, beforeMs: nowMs - options.retentionMs }
    database.write(() => database.lifetime.keep())
    const slices = [
      dropChunks(sweep),
      options.dedup.forget(),
      keys.forget(sweep.beforeMs),
      dropLog(sweep),
    ]
    const deleted = slices.reduce((sum, slice) => sum + slice.deleted, 0)
    const isDone = slices.every((slice) => !slice.more)
    return { deleted, more: !isDone || shrink(database) }
  }

  return { retainOnce: () => orLater(() => database.guard(retain)) }
}

/** Deleting takes room in the WAL first. Intake reports a full disk; here it only means: later. */
function orLater(retain: Retention['retainOnce']): ReturnType<Retention['retainOnce']> {
  try {
    return retain()
  } catch (error) {
    const blame = blameOf(error)
    if (blame === 'full' || blame === 'moment') return { deleted: 0, more: false }
    throw error
  }
}

/** The file is used again before it shrinks: only what a burst has left behind goes back. */
function shrink(database: InletDatabase): boolean {
  const pages = readNumber(database.client, 'page_count')
  const unused = readNumber(database.client, 'freelist_count')
  if (unused < VACUUM_PAGES || unused < pages * UNUSED_SHARE_MAX) return false
  database.client.query(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`).all()
  return true
}

function prepareQueries({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const highWater = orm.select({ highWater: relayProgress.highWater }).from(relayProgress)
  return {
    firstPending: orm
      .select({ inboxSeq: outbox.inboxSeq })
      .from(outbox)
      .where(gt(outbox.seq, sql`(${highWater})`))
      .orderBy(asc(outbox.seq))
      .limit(1)
      .prepare(),
    candidates: orm
      .select({
        seq: chunks.seq,
        committedAt: chunks.committedAt,
        first: chunks.inboxFirst,
        last: chunks.inboxLast,
        // SQLite answers the length of a blob without reading it.
        length: sql<number>`length(${chunks.bodies})`,
      })
      .from(chunks)
      .where(gt(chunks.seq, slot('after')))
      .orderBy(asc(chunks.seq))
      .limit(CHUNKS_MAX)
      .prepare(),
    unfinished: orm
      .select({ seq: outbox.seq })
      .from(outbox)
      .leftJoin(outboxExceptions, eq(outboxExceptions.seq, outbox.seq))
      .where(
        and(
          between(outbox.inboxSeq, slot('first'), slot('last')),
          or(gt(outbox.seq, sql`(${highWater})`), isNotNull(outboxExceptions.seq)),
        ),
      )
      .limit(1)
      .prepare(),
  }
}

function prepareDeletes({ orm }: InletDatabase) {
  const slot = sql.placeholder
  return {
    dropOutbox: orm
      .delete(outbox)
      .where(between(outbox.inboxSeq, slot('first'), slot('last')))
      .prepare(),
    dropVariants: orm
      .delete(variants)
      .where(between(variants.inboxSeq, slot('first'), slot('last')))
      .prepare(),
    dropBatches: orm
      .delete(batches)
      .where(between(batches.inboxFirst, slot('first'), slot('last')))
      .prepare(),
    dropInbox: orm
      .delete(inbox)
      .where(between(inbox.seq, slot('first'), slot('last')))
      .prepare(),
    dropChunk: orm
      .delete(chunks)
      .where(eq(chunks.seq, slot('seq')))
      .prepare(),
    // The oldest rows only, so that a call which finds nothing old enough reads no
    // more than a slice.
    dropLog: orm
      .delete(publishLog)
      .where(
        and(
          inArray(
            publishLog.id,
            orm
              .select({ id: publishLog.id })
              .from(publishLog)
              .where(lte(publishLog.at, slot('nowMs')))
              .orderBy(asc(publishLog.id))
              .limit(LOG_ROWS_MAX),
          ),
          lt(publishLog.at, slot('beforeMs')),
        ),
      )
      .returning({ id: publishLog.id })
      .prepare(),
  }
}
