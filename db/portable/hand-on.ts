/** Reads what is to be published or handed on, and notes what was: for one holder at a time. */
import { assert } from '../../src/assert.ts'
import type { EpochMs } from '../../src/clock.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { LEASE_MS_MAX } from '../../src/limits/edge.ts'
import type { EntryException, OutboxEntry, RelayMark } from '../../src/outbox.ts'
import type { SetAsideEntry } from '../outbox.ts'
import type { Batches, SqlRow, Statement } from './batches.ts'
import {
  ENTRIES_NEXT,
  EVENTS_NEXT,
  EXCEPTIONS,
  LAG_OF_ENTRIES,
  LAG_OF_EVENTS,
  RECORDS_OF,
} from './reads.ts'
import { markStatements, receiptOf } from './mark.ts'
import type {
  Claim,
  ExceptionsQuery,
  PortableStore,
  PortableStoreOptions,
  StoredEvent,
} from './portable-store.ts'
import { bytesOf, jsonOf } from './rows.ts'

type HandOn = Pick<
  PortableStore,
  | 'claimEntries'
  | 'claimEvents'
  | 'blockedKeys'
  | 'exceptions'
  | 'mark'
  | 'markEvents'
  | 'release'
  | 'lag'
>

export function openHandOn(batches: Batches, options: PortableStoreOptions): HandOn {
  const { clock, handsOn } = options

  /**
   * Runs what only the holder may. Where it fails, it may be that it was stored before, and the
   * answer was lost; or that somebody else has taken the lease.
   */
  async function asHolder(
    holder: string,
    mark: object,
    statements: readonly Statement[],
  ): Promise<void> {
    const { receipt, note } = receiptOf({ holder, mark })
    try {
      await batches.batch([...statements, note])
    } catch (cause) {
      const [[lease] = []] = await batches.batch([{ sql: LEASE, params: [] }])
      if (lease?.['receipt'] === receipt) return
      if (lease?.['holder'] === holder) throw cause
      throw new GatewayError('LEASE_LOST', 'its time was over before this was marked', { cause })
    }
  }

  return {
    async claimEntries(claim) {
      const { holder, limit, bytesMax } = claim
      const [, , marks = [], rows = [], heads = []] = await batches.batch([
        ...takeLease(claim, clock.now()),
        { sql: POSITION_OF_ENTRIES, params: [holder] },
        { sql: ENTRIES_NEXT, params: [holder, limit, bytesMax] },
        { sql: HEADS, params: [] },
      ])
      const position = marks[0]?.['position']
      if (typeof position !== 'number') return undefined
      return { position, entries: rows.map(toEntry), heads: heads.map(jsonOf) as EntryException[] }
    },

    async claimEvents(claim) {
      const { holder, limit, bytesMax } = claim
      const [, , , marks = [], rows = [], records = []] = await batches.batch([
        ...takeLease(claim, clock.now()),
        { sql: FOLLOW_ENTRIES, params: [holder] },
        { sql: POSITION_OF_EVENTS, params: [holder] },
        { sql: EVENTS_NEXT, params: [holder, limit, bytesMax] },
        { sql: RECORDS_OF, params: [holder, limit, bytesMax] },
      ])
      const position = marks[0]?.['position']
      if (typeof position !== 'number') return undefined
      return { position, events: toEvents(rows, records) }
    },

    async blockedKeys() {
      const [rows = []] = await batches.batch([{ sql: BLOCKED_KEYS, params: [] }])
      return rows.map(jsonOf) as { readonly topic: string; readonly key: string }[]
    },

    async exceptions({ status, topic, limit, bytesMax }: ExceptionsQuery) {
      const params = [status, topic, limit, bytesMax]
      const [rows = []] = await batches.batch([{ sql: EXCEPTIONS, params }])
      return rows.map(toSetAside)
    },

    mark: (holder, mark: RelayMark) => asHolder(holder, mark, markStatements(holder, mark)),

    markEvents: (holder, { from, to }) =>
      asHolder(holder, { from, to }, [
        { sql: MOVE_EVENTS, params: [holder, from, to] },
        { sql: MOVE_ENTRIES_WITH_EVENTS, params: [to, clock.now()] },
      ]),

    async release(holder) {
      await batches.batch([{ sql: RELEASE, params: [holder] }])
    },

    async lag() {
      const sql = handsOn === 'entries' ? LAG_OF_ENTRIES : LAG_OF_EVENTS
      const [[row = {}] = []] = await batches.batch([{ sql, params: [] }])
      return jsonOf(row) as Awaited<ReturnType<PortableStore['lag']>>
    },
  }
}

function takeLease({ holder, leaseMs }: Claim, now: EpochMs): Statement[] {
  assert(leaseMs <= LEASE_MS_MAX, 'a lease is no longer than the longest one')
  return [
    { sql: TAKE_LEASE, params: [holder, now, now + leaseMs, now + LEASE_MS_MAX] },
    { sql: BEGIN_PROGRESS, params: [now] },
  ]
}

interface EntryRow extends Omit<OutboxEntry, 'value' | 'damage'> {
  readonly hasEvent: number
  readonly length: number
}

/** An entry whose event or bytes are gone says so: it must not keep all the others waiting. */
function toEntry(row: SqlRow): OutboxEntry {
  const { hasEvent, length, ...entry } = jsonOf(row) as EntryRow
  // Of an empty blob `substr` makes NULL.
  const value = length === 0 ? NOTHING : bytesOf(row, 'value')
  if (hasEvent === 0) return { ...entry, value: NOTHING, damage: 'its event is gone' }
  if (value?.byteLength !== length) {
    return { ...entry, value: NOTHING, damage: 'its bytes are not there' }
  }
  return { ...entry, value }
}

const NOTHING = new Uint8Array()

function toSetAside(row: SqlRow): SetAsideEntry {
  const { exception } = row
  return { entry: toEntry(row), exception: jsonOf({ json: exception ?? null }) as EntryException }
}

interface EventRow extends Omit<StoredEvent, 'body' | 'records' | 'eventIdValidMs' | 'retryAt'> {
  readonly validUntil: number | null
  readonly retryAt: number | null
}

interface RecordRow {
  readonly inboxSeq: number
  readonly topic: string
  readonly key: string
  readonly headers: string | null
}

function toEvents(rows: readonly SqlRow[], records: readonly SqlRow[]): readonly StoredEvent[] {
  const ofEvent = Map.groupBy(
    records.map((row) => ({ ...(jsonOf(row) as RecordRow), value: bytesOf(row, 'value') })),
    ({ inboxSeq }) => inboxSeq,
  )
  return rows.map((row) => {
    const { validUntil, retryAt, ...event } = jsonOf(row) as EventRow
    return {
      ...event,
      eventIdValidMs: validUntil === null ? undefined : validUntil - event.receivedAt,
      retryAt: retryAt ?? undefined,
      // It was verified when it was stored.
      body: (bytesOf(row, 'body') ?? NOTHING) as StoredEvent['body'],
      records: (ofEvent.get(event.seq) ?? []).map(({ topic, key, headers, value }) => {
        return { topic, key, headers, value }
      }),
    }
  })
}

/**
 * Free where it is the holder's own, or its time is over. One that ends later than any could that
 * was taken just now is of a clock that was ahead: it must not stop publishing until then.
 */
const TAKE_LEASE = `
  INSERT INTO leases (id, holder, expires_at, events_to, last_mark) VALUES (1, ?1, ?3, 0, '')
  ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE holder = ?1 OR expires_at <= ?2 OR expires_at > ?4`

const BEGIN_PROGRESS = `
  INSERT INTO relay_progress (id, high_water, at) VALUES (1, 0, ?1) ON CONFLICT DO NOTHING`

const POSITION_OF_ENTRIES = `
  SELECT high_water AS position FROM relay_progress, leases WHERE holder = ?1`

const POSITION_OF_EVENTS = `
  SELECT events_to AS position FROM leases WHERE holder = ?1`

const LEASE = `SELECT holder, last_mark AS receipt FROM leases`

const RELEASE = `UPDATE leases SET expires_at = 0 WHERE holder = ?1`

/** Steps from topic to topic on the index: a missing topic may hold very many entries. */
const HEADS = `
  WITH RECURSIVE found (topic) AS (
    SELECT min(topic) FROM outbox_exceptions WHERE status = 'retry'
    UNION ALL
    SELECT (SELECT min(topic) FROM outbox_exceptions WHERE status = 'retry' AND topic > found.topic)
    FROM found WHERE found.topic IS NOT NULL
  )
  SELECT json_object('seq', head.seq, 'status', status, 'topic', head.topic, 'key', key,
    'attempts', attempts, 'nextAt', next_at, 'code', code, 'reason', reason) AS json
  FROM found JOIN outbox_exceptions AS head ON head.seq = (
    SELECT min(seq) FROM outbox_exceptions WHERE status = 'retry' AND topic = found.topic
  )`

const BLOCKED_KEYS = `
  SELECT json_object('topic', topic, 'key', key) AS json
  FROM outbox_exceptions WHERE status = 'blocked' GROUP BY topic, key`

/** Who published records until now goes on behind the last event that is published whole. */
const FOLLOW_ENTRIES = `
  UPDATE leases SET events_to = max(events_to, coalesce((
    SELECT inbox_seq - EXISTS (
      SELECT 1 FROM outbox AS later
      WHERE later.inbox_seq = outbox.inbox_seq AND later.seq > outbox.seq
    )
    FROM outbox WHERE seq = (SELECT high_water FROM relay_progress)
  ), 0)) WHERE holder = ?1`

/** The column refuses NULL, and with it the whole batch. */
const MOVE_EVENTS = `
  INSERT INTO leases (id, holder, expires_at, last_mark, events_to)
  SELECT 1, '', 0, '', (
    SELECT ?3 FROM leases WHERE holder = ?1 AND events_to = ?2
      AND ?3 BETWEEN ?2 AND (SELECT max(seq) FROM inbox)
  )
  WHERE true ON CONFLICT (id) DO UPDATE SET events_to = excluded.events_to`

const MOVE_ENTRIES_WITH_EVENTS = `
  UPDATE relay_progress SET at = ?2, high_water = max(high_water, coalesce((
    SELECT max(seq) FROM outbox
    WHERE inbox_seq = (SELECT max(inbox_seq) FROM outbox WHERE inbox_seq <= ?1)
  ), 0))`
