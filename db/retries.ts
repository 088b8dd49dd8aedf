/**
 * Failed events whose handler is tried again. A row appears with the event, in the same
 * transaction, and stays as long as the event: it tells how many tries it took.
 */
import { and, asc, between, eq, gt, gte, lte, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import type { VerifiedBody } from '../src/delivery.ts'
import type { DueRetry, RetryFinish, RetryStart } from '../src/handler-retry.ts'
import { lazily } from '../src/lazily.ts'
import { openBodies, readOrDamage } from './bodies.ts'
import { KEPT_COLUMNS } from './kept-events.ts'
import type { InletDatabase, Reader } from './open.ts'
import { handlerRetries, inbox } from './schema.ts'

/** Changes to the tries, inside a transaction. */
export interface Retries {
  /** The first try of this event has failed. */
  add(inboxSeq: number, nextAt: EpochMs): void
  /** Counts a try; does nothing where that try was counted already. */
  start(start: RetryStart): void
  /**
   * Gives the event its new state and returns true; false, and nothing else happens, where the
   * event is no longer failed or this is not its last try. So a try never counts twice.
   */
  finish(finish: RetryFinish): boolean
  /** Deletes the tries of events that are deleted. */
  drop(first: number, last: number): void
  /** Whether one of these events is still to be tried. */
  anyDue(first: number, last: number): boolean
}

export function openRetries(database: InletDatabase): Retries {
  const statements = lazily(() => prepareStatements(database))
  return {
    add: (inboxSeq, nextAt) => statements().add.run({ inboxSeq, attempts: 1, nextAt }),
    start: ({ seq, attempt, nextAt }) =>
      statements().count.run({ seq, before: attempt - 1, attempt, nextAt }),
    finish({ seq, attempt, state, reason, nextAt }) {
      const changed = statements().settle.get({ seq, attempt, state, reason }) !== undefined
      // Where somebody else has settled the event it must not stay due for ever.
      statements().count.run({ seq, before: attempt, attempt, nextAt: changed ? nextAt : null })
      return changed
    },
    drop: (first, last) => statements().drop.run({ first, last }),
    anyDue: (first, last) => statements().anyDue.get({ first, last }) !== undefined,
  }
}

/** Reads what is due, on a connection that only reads. */
export interface DueRetries {
  /**
   * At most `limit` events whose time has come, the longest waiting first. One that waits longer
   * than `waitMsMax` was put there by a clock that has since been set back: it is due as well.
   */
  due(query: {
    readonly now: EpochMs
    readonly waitMsMax: number
    readonly limit: number
  }): readonly DueRetry[]
  /** Whether any event is still to be tried, now or later. */
  anyWaits(): boolean
}

export function openDueRetries(reader: Reader): DueRetries {
  const { orm } = reader
  const slot = sql.placeholder
  const bodies = openBodies(reader)
  /** Both ends are ranges on the index of the few that are to be tried. */
  const dueWithin = lazily(() =>
    orm
      .select(DUE_COLUMNS)
      .from(handlerRetries)
      .innerJoin(inbox, eq(inbox.seq, handlerRetries.inboxSeq))
      .where(and(gte(handlerRetries.nextAt, slot('from')), lte(handlerRetries.nextAt, slot('to'))))
      .orderBy(asc(handlerRetries.nextAt))
      .limit(slot('limit'))
      .prepare(),
  )
  const waiting = lazily(() =>
    orm
      .select({ seq: handlerRetries.inboxSeq })
      .from(handlerRetries)
      .where(gt(handlerRetries.nextAt, sql`0`))
      .limit(1)
      .prepare(),
  )

  return {
    anyWaits: () => waiting().get() !== undefined,
    due({ now, waitMsMax, limit }) {
      const due = dueWithin().all({ from: 0, to: now, limit })
      const jumped = { from: now + waitMsMax + 1, to: Number.MAX_SAFE_INTEGER, limit }
      const rows = due.length > 0 ? due : dueWithin().all(jumped)
      return rows.map(({ chunkSeq, bodyOffset, bodyLength, ...row }) => {
        const read = () => bodies.read({ chunkSeq, bodyOffset, bodyLength })
        const { bytes, ...damage } = readOrDamage(read)
        // It was verified when it was stored.
        return { ...row, body: bytes as VerifiedBody, ...damage }
      })
    },
  }
}

const DUE_COLUMNS = { ...KEPT_COLUMNS, attempts: handlerRetries.attempts }

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const ofTry = (attempt: string) =>
    and(eq(handlerRetries.inboxSeq, slot('seq')), eq(handlerRetries.attempts, slot(attempt)))
  const inRange = between(handlerRetries.inboxSeq, slot('first'), slot('last'))
  return {
    add: orm
      .insert(handlerRetries)
      .values({ inboxSeq: slot('inboxSeq'), attempts: slot('attempts'), nextAt: slot('nextAt') })
      .prepare(),
    count: orm
      .update(handlerRetries)
      .set({ attempts: sql`${slot('attempt')}`, nextAt: sql`${slot('nextAt')}` })
      .where(ofTry('before'))
      .prepare(),
    settle: orm
      .update(inbox)
      .set({ state: sql`${slot('state')}`, reason: sql`${slot('reason')}` })
      .where(
        and(
          eq(inbox.seq, slot('seq')),
          eq(inbox.state, sql`'failed'`),
          sql`exists ${orm
            .select({ seq: handlerRetries.inboxSeq })
            .from(handlerRetries)
            .where(ofTry('attempt'))}`,
        ),
      )
      .returning({ seq: inbox.seq })
      .prepare(),
    drop: orm.delete(handlerRetries).where(inRange).prepare(),
    anyDue: orm
      .select({ seq: handlerRetries.inboxSeq })
      .from(handlerRetries)
      .where(and(inRange, gt(handlerRetries.nextAt, sql`0`)))
      .limit(1)
      .prepare(),
  }
}
