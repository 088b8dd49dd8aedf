/**
 * The answers to requests that carried an `Idempotency-Key`, each stored in the transaction that
 * stored its events: there is no crash between the two.
 *
 * A key is looked up once a request, not once an event, so one plain index is enough here; `dedup`
 * is what had to be faster.
 */
import { and, asc, eq, getTableColumns, inArray, lt, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import type { IdempotentAnswer } from '../src/idempotent-answer.ts'
import type { InletDatabase } from './open.ts'
import { idempotencyKeys } from './schema.ts'
import { slots } from './slots.ts'

/** Keys forgotten in one transaction: about 5 ms. */
const FORGET_ROWS_MAX = 1_000

export interface IdempotencyKeys {
  /** The answer that was given under this key, if it is still kept. */
  find(caller: string, key: string): IdempotentAnswer | undefined
  /** Inside a transaction. Throws where the key has an answer already. */
  remember(answer: IdempotentAnswer): void
  /** Deletes a slice of the answers from before; `more` where the next call finds work as well. */
  forget(before: EpochMs): { readonly deleted: number; readonly more: boolean }
}

export function openIdempotencyKeys(database: InletDatabase): IdempotencyKeys {
  const statements = prepareStatements(database)
  return {
    find: (caller, key) => statements.find.get({ caller, key }),
    remember: (answer) => statements.remember.run({ ...answer }),
    forget(before) {
      const { length } = database.write(() => statements.forget.all({ before }))
      return { deleted: length, more: length === FORGET_ROWS_MAX }
    },
  }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const { id, ...columns } = getTableColumns(idempotencyKeys)
  return {
    find: orm
      .select(columns)
      .from(idempotencyKeys)
      .where(and(eq(columns.caller, slot('caller')), eq(columns.key, slot('key'))))
      .prepare(),
    remember: orm.insert(idempotencyKeys).values(slots(columns)).prepare(),
    // The oldest rows only, so that a call which finds nothing old enough reads no more than that.
    forget: orm
      .delete(idempotencyKeys)
      .where(
        and(
          inArray(
            id,
            orm.select({ id }).from(idempotencyKeys).orderBy(asc(id)).limit(FORGET_ROWS_MAX),
          ),
          lt(columns.answeredAt, slot('before')),
        ),
      )
      .returning({ id })
      .prepare(),
  }
}
