import { TRANSITIONS, type RelayMark } from '../../src/outbox.ts'
import { digestOf } from '../../src/bytes/hashing.ts'
import type { Statement } from './batches.ts'

/**
 * What a mark is recognised by, and a statement that stores it beside the mark. No two marks that
 * follow one another are the same: each changes what it names.
 */
export function receiptOf(mark: object): { readonly receipt: string; readonly note: Statement } {
  const receipt = digestOf(JSON.stringify(mark)).toHex()
  return { receipt, note: { sql: NOTE_MARK, params: [receipt] } }
}

const NOTE_MARK = `UPDATE leases SET last_mark = ?1`

/**
 * The statements of a mark. What the core asserts is asked within them: where it does not hold, a
 * column that takes no NULL is given one, and nothing of the mark is stored.
 */
export function markStatements(holder: string, mark: RelayMark): Statement[] {
  const { from, to, exceptions, settled, published, at } = mark
  const changes = JSON.stringify([
    ...exceptions,
    ...settled.map((seq) => ({ seq, status: 'published' })),
  ])
  const statements: Statement[] = [
    { sql: MOVE_HIGH_WATER, params: [holder, from, to, at] },
    {
      sql: REFUSE_WRONG_CHANGES,
      params: [changes, from, to, JSON.stringify(TRANSITIONS)],
    },
  ]
  if (exceptions.length > 0) {
    const json = JSON.stringify(exceptions)
    statements.push({ sql: PUT_TRIED, params: [json] }, { sql: PUT_WAITING, params: [json, at] })
  }
  if (settled.length > 0) {
    statements.push({ sql: DROP_SETTLED, params: [JSON.stringify(settled)] })
  }
  if (published.length > 0) {
    statements.push({ sql: ADD_PUBLISHED, params: [JSON.stringify(published), at] })
  }
  return statements
}

const MOVE_HIGH_WATER = `
  INSERT INTO relay_progress (id, high_water, at)
  SELECT 1, (
    SELECT ?3 FROM relay_progress, leases
    WHERE holder = ?1 AND high_water = ?2
      AND ?3 BETWEEN ?2 AND max(?2, coalesce((SELECT max(seq) FROM outbox), 0))
  ), ?4
  WHERE true ON CONFLICT (id) DO UPDATE SET high_water = excluded.high_water, at = excluded.at`

/** Of an entry without a row of its own: pending above the former mark, published below it. */
const REFUSE_WRONG_CHANGES = `
  UPDATE relay_progress SET at = NULL WHERE EXISTS (
    SELECT 1 FROM json_each(?1) AS e
    LEFT JOIN outbox_exceptions AS x ON x.seq = e.value ->> 'seq'
    WHERE e.value ->> 'seq' > ?3
      OR (e.value ->> 'status' = 'published' AND x.seq IS NULL)
      OR coalesce(x.status, iif(e.value ->> 'seq' > ?2, 'pending', 'published'))
        || '>' || (e.value ->> 'status') NOT IN (SELECT value FROM json_each(?4))
  )`

const EXCEPTION = `e.value ->> 'seq' AS seq, e.value ->> 'status' AS status,
  e.value ->> 'topic' AS topic, e.value ->> 'key' AS key, e.value ->> 'attempts' AS attempts,
  e.value ->> 'nextAt' AS next_at, e.value ->> 'code' AS code, e.value ->> 'reason' AS reason`

const WAITS_BEHIND = `status = 'blocked' AND attempts = 0`

const PUT = `
  ON CONFLICT (seq) DO UPDATE SET status = excluded.status, attempts = excluded.attempts,
    next_at = excluded.next_at, code = excluded.code, reason = excluded.reason`

const PUT_TRIED = `
  INSERT INTO outbox_exceptions (seq, status, topic, key, attempts, next_at, code, reason)
  SELECT * FROM (SELECT ${EXCEPTION} FROM json_each(?1) AS e)
  WHERE NOT (${WAITS_BEHIND}) ${PUT}`

/**
 * What waits behind a record that was freed while the relay still took its key for blocked does
 * not wait any more: it would be blocked alone, and block what was freed.
 */
const PUT_WAITING = `
  WITH waiting AS (
    SELECT *, EXISTS (
      SELECT 1 FROM outbox_exceptions AS other
      WHERE other.status = 'blocked' AND other.topic = e.topic AND other.key = e.key
        AND other.seq <> e.seq
    ) AS waits
    FROM (SELECT ${EXCEPTION} FROM json_each(?1) AS e) AS e
    WHERE ${WAITS_BEHIND}
  )
  INSERT INTO outbox_exceptions (seq, status, topic, key, attempts, next_at, code, reason)
  SELECT seq, iif(waits, 'blocked', 'retry'), topic, key, attempts, iif(waits, NULL, ?2), code,
    reason
  FROM waiting WHERE true ${PUT}`

const DROP_SETTLED = `
  DELETE FROM outbox_exceptions WHERE seq IN (SELECT value FROM json_each(?1))`

const ADD_PUBLISHED = `
  INSERT INTO publish_log (at, topic, partition, partitions, seq_first, seq_last, records,
    base_offset, published_at)
  SELECT ?2, value ->> 'topic', value ->> 'partition', value ->> 'partitions', value ->> 'seqFirst',
    value ->> 'seqLast', value ->> 'records', value ->> 'baseOffset', ?2
  FROM json_each(?1)`
