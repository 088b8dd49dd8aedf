import { and, eq, getTableColumns, ne, sql } from 'drizzle-orm'
import { assert } from '../src/assert.ts'
import type { EpochMs } from '../src/clock.ts'
import {
  assertTransition,
  type EntryException,
  type EntryStatus,
  type RelayMark,
} from '../src/outbox.ts'
import { lazily } from '../src/lazily.ts'
import type { InletDatabase } from './open.ts'
import { outboxExceptions, publishLog, relayProgress } from './schema.ts'
import { slots } from './slots.ts'

/** Applies what a relay batch changed, inside a transaction. */
export interface Marks {
  /**
   * Moves the high-water mark and the exceptions. Throws where the mark contradicts the state: the
   * relay is wrong then, and publishing again is harmless where skipping is not.
   */
  apply(mark: RelayMark, outboxSeq: number): void
}

export function openMarks(database: InletDatabase): Marks {
  const statements = lazily(() => prepareStatements(database))

  function statusOf(seq: number, highWater: number): EntryStatus {
    const exception = statements().exceptionStatus.get({ seq })
    return exception?.status ?? (seq > highWater ? 'pending' : 'published')
  }

  /**
   * What waits behind a record that was freed while the relay still took its key for blocked does
   * not wait any more: it would be blocked alone, and block what was freed.
   */
  function orDue(exception: EntryException, at: EpochMs): EntryException {
    const { status, attempts, seq, topic, key } = exception
    const waitsBehind = status === 'blocked' && attempts === 0
    if (!waitsBehind || statements().otherBlocked.get({ seq, topic, key }) !== undefined) {
      return exception
    }
    return { ...exception, status: 'retry', nextAt: at }
  }

  return {
    apply(mark, outboxSeq) {
      const { from, to, at } = mark
      assert(
        from <= to && to <= outboxSeq,
        'the high-water mark moves forward, over entries on disk',
      )
      const moved = statements().moveHighWater.get({ from, to, at })
      assert(moved !== undefined, `the high-water mark is at ${from}`)

      for (const each of mark.exceptions) {
        const exception = orDue(each, at)
        assert(exception.seq <= to, 'an exception is at or below the high-water mark')
        assertTransition(statusOf(exception.seq, from), exception.status)
        statements().putException.run({ ...exception })
      }
      for (const seq of mark.settled) {
        const exception = statements().exceptionStatus.get({ seq })
        assert(exception !== undefined, `entry ${seq} is an exception`)
        assertTransition(exception.status, 'published')
        statements().dropException.run({ seq })
      }
      for (const range of mark.published) {
        const partitions = range.partitions ?? null
        const times = { at: database.lifetime.nowMs(), publishedAt: at }
        statements().addPublished.run({ ...range, partitions, ...times })
      }
    },
  }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const { id: _counted, ...publishedColumns } = getTableColumns(publishLog)
  return {
    moveHighWater: orm
      .update(relayProgress)
      .set({ highWater: sql`${slot('to')}`, at: sql`${slot('at')}` })
      .where(and(eq(relayProgress.id, 1), eq(relayProgress.highWater, slot('from'))))
      .returning({ highWater: relayProgress.highWater })
      .prepare(),
    exceptionStatus: orm
      .select({ status: outboxExceptions.status })
      .from(outboxExceptions)
      .where(eq(outboxExceptions.seq, slot('seq')))
      .prepare(),
    putException: orm
      .insert(outboxExceptions)
      .values(slots(getTableColumns(outboxExceptions)))
      .onConflictDoUpdate({
        target: outboxExceptions.seq,
        set: {
          status: sql`excluded.status`,
          attempts: sql`excluded.attempts`,
          nextAt: sql`excluded.next_at`,
          code: sql`excluded.code`,
          reason: sql`excluded.reason`,
        },
      })
      .prepare(),
    otherBlocked: orm
      .select({ seq: outboxExceptions.seq })
      .from(outboxExceptions)
      .where(
        and(
          eq(outboxExceptions.status, sql`'blocked'`),
          eq(outboxExceptions.topic, slot('topic')),
          eq(outboxExceptions.key, slot('key')),
          ne(outboxExceptions.seq, slot('seq')),
        ),
      )
      .limit(1)
      .prepare(),
    dropException: orm
      .delete(outboxExceptions)
      .where(eq(outboxExceptions.seq, slot('seq')))
      .prepare(),
    addPublished: orm.insert(publishLog).values(slots(publishedColumns)).prepare(),
  }
}
