/**
 * The answers to requests that carried an `Idempotency-Key`, each stored in the transaction that
 * stored its events: there is no crash between the two.
 *
 * A key is looked up once a request, not once an event, so one plain index is enough here; `dedup`
 * is what had to be faster.
 */
import { and, asc, eq, getTableColumns, inArray, lt, lte, sql } from 'drizzle-orm'
import { GatewayError, messageOf } from '../src/faults/faults.ts'
import type { IdempotentAnswer } from '../src/idempotent-answer.ts'
import { lazily } from '../src/lazily.ts'
import type { InletDatabase } from './open.ts'
import { idempotencyKeys } from './schema.ts'
import { slots } from './slots.ts'

/** Keys forgotten in one transaction: about 5 ms. */
const FORGET_ROWS_MAX = 1_000

export interface IdempotencyKeys {
  /**
   * The answer that was given under this key, if it is still kept.
   *
   * @throws GatewayError STORAGE_FAILED where it cannot be read.
   */
  find(caller: string, key: string): IdempotentAnswer | undefined
  /** Inside a transaction. Throws where the key has an answer already. */
  remember(answer: IdempotentAnswer): void
  /**
   * Deletes a slice of the answers from before, by the file's lifetime; `more` where the next
   * call finds work as well.
   */
  forget(beforeMs: number): { readonly deleted: number; readonly more: boolean }
}

export function openIdempotencyKeys(database: InletDatabase): IdempotencyKeys {
  const statements = lazily(() => prepareStatements(database))
  return {
    find(caller, key) {
      try {
        return statements().find.get({ caller, key })
      } catch (cause) {
        throw new GatewayError('STORAGE_FAILED', messageOf(cause), { cause })
      }
    },
    remember: (answer) =>
      statements().remember.run({ ...answer, answeredAt: database.lifetime.nowMs() }),
    forget(beforeMs) {
      const nowMs = database.lifetime.nowMs()
      const { length } = database.write(() => statements().forget.all({ beforeMs, nowMs }))
      return { deleted: length, more: length === FORGET_ROWS_MAX }
    },
  }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const { id, ...columns } = getTableColumns(idempotencyKeys)
  const { answeredAt, ...answer } = columns
  return {
    find: orm
      .select(answer)
      .from(idempotencyKeys)
      .where(and(eq(answer.caller, slot('caller')), eq(answer.key, slot('key'))))
      .prepare(),
    remember: orm.insert(idempotencyKeys).values(slots(columns)).prepare(),
    // The oldest rows only, so that a call which finds nothing old enough reads no more than that.
    forget: orm
      .delete(idempotencyKeys)
      .where(
        and(
          inArray(
            id,
            orm
              .select({ id })
              .from(idempotencyKeys)
              .where(lte(answeredAt, slot('nowMs')))
              .orderBy(asc(id))
              .limit(FORGET_ROWS_MAX),
          ),
          lt(answeredAt, slot('beforeMs')),
        ),
      )
      .returning({ id })
      .prepare(),
  }
}
