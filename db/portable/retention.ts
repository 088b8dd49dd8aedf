import type { Batches } from './batches.ts'
import type { HandsOn, PortableStore, PortableStoreOptions } from './portable-store.ts'

/** Commits looked at in one call. */
const CHUNKS_MAX = 64

/** A slice ends before it would drop more events than this, but for those of one commit. */
const SLICE_EVENTS_MAX = 1_000

/** Rows of the answers and of the publish log dropped in one call. */
const LOG_ROWS_MAX = 1_000

/**
 * Deletes what is past its time, a slice at a time: events with everything of theirs, whole commits
 * in their order, and only once each of their entries is published or handed on.
 */
export function openPortableRetention(
  batches: Batches,
  { clock, retentionMs, handsOn }: PortableStoreOptions,
): PortableStore['retainOnce'] {
  /** Where the sweep goes on: kept commits are passed by, and looked at again in the next one. */
  let sweptTo = 0
  const statements = sliceStatements(handsOn)

  return async () => {
    const now = clock.now()
    const before = now - retentionMs
    const [slice = [], keys = [], log = []] = await batches.batch([
      { sql: statements.look, params: [sweptTo, before, now] },
      { sql: dropOldest('idempotency_keys', 'answered_at'), params: [before] },
      { sql: dropOldest('publish_log', 'at'), params: [before] },
      ...statements.drop.map((sql) => ({ sql, params: [sweptTo, before] })),
    ])
    const { events, last, more } = slice[0] ?? {}
    sweptTo = more === 1 ? Number(last) : 0
    return {
      deleted: Number(events ?? 0) + keys.length + log.length,
      more: more === 1 || keys.length === LOG_ROWS_MAX || log.length === LOG_ROWS_MAX,
    }
  }
}

const HIGH_WATER = `coalesce((SELECT high_water FROM relay_progress), 0)`

/** The commit of the oldest event that is not done: nothing from there on goes. */
const BOUND: Readonly<Record<HandsOn, string>> = {
  entries: `coalesce((
    SELECT chunk_seq FROM inbox WHERE seq = (
      SELECT inbox_seq FROM outbox WHERE outbox.seq > ${HIGH_WATER} ORDER BY outbox.seq LIMIT 1
    )
  ), 9e15)`,
  events: `coalesce((
    SELECT chunk_seq FROM inbox
    WHERE seq > coalesce((SELECT events_to FROM leases), 0) ORDER BY seq LIMIT 1
  ), 9e15)`,
}

/**
 * The statements of one slice. Each finds the same commits, those of `victims`, because they are
 * dropped last.
 */
function sliceStatements(handsOn: HandsOn) {
  const bound = BOUND[handsOn]
  const slice = `slice AS MATERIALIZED (
    SELECT * FROM (
      SELECT *, sum(inbox_last - inbox_first + 1) OVER (ORDER BY seq) AS total,
        row_number() OVER (ORDER BY seq) AS nth
      FROM (
        SELECT seq, committed_at, inbox_first, inbox_last FROM chunks
        WHERE seq > ?1 AND seq < ${bound} ORDER BY seq LIMIT ${CHUNKS_MAX}
      )
    ) WHERE total <= ${SLICE_EVENTS_MAX} OR nth = 1
  )`
  const victims = `victims AS MATERIALIZED (
    SELECT seq, inbox_first, inbox_last FROM slice
    WHERE committed_at < ?2 AND NOT EXISTS (
      SELECT 1 FROM outbox LEFT JOIN outbox_exceptions AS x ON x.seq = outbox.seq
      WHERE outbox.inbox_seq BETWEEN inbox_first AND inbox_last
        AND (outbox.seq > ${HIGH_WATER} OR x.seq IS NOT NULL)
    )
  )`
  const within = `WITH ${slice}, ${victims}`
  const ofVictims = (table: string, column: string) => `FROM victims AS v
    CROSS JOIN ${table} ON ${table}.${column} BETWEEN v.inbox_first AND v.inbox_last`
  const drop = (table: string, column: string) => `${within}
    DELETE FROM ${table} WHERE ${column} IN (SELECT ${table}.${column} ${ofVictims(table, column)})`
  return {
    // What a clock far ahead has stamped stays, and must not keep what follows.
    look: `${within}
      SELECT max(seq) AS last,
        (SELECT sum(inbox_last - inbox_first + 1) FROM victims) AS events,
        (
          SELECT committed_at NOT BETWEEN ?2 AND ?3 FROM chunks
          WHERE seq > (SELECT max(seq) FROM slice) AND seq < ${bound} ORDER BY seq LIMIT 1
        ) AS more
      FROM slice`,
    drop: [
      drop('outbox', 'inbox_seq'),
      drop('variants', 'inbox_seq'),
      drop('handler_retries', 'inbox_seq'),
      drop('batches', 'inbox_first'),
      // An id that was valid for a while may name a newer event by now.
      `${within}
        DELETE FROM identities WHERE (source, event_id) IN (
          SELECT source, event_id ${ofVictims('inbox', 'seq')}
        ) AND inbox_seq <= (SELECT max(inbox_last) FROM victims)`,
      drop('inbox', 'seq'),
      `${within} DELETE FROM chunks WHERE seq IN (SELECT seq FROM victims)`,
    ],
  }
}

/** The oldest rows only, so that a call which finds nothing old enough reads no more than that. */
function dropOldest(table: string, at: string): string {
  return `DELETE FROM ${table}
    WHERE id IN (SELECT id FROM ${table} ORDER BY id LIMIT ${LOG_ROWS_MAX}) AND ${at} < ?1
    RETURNING id`
}
