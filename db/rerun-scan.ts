/**
 * Finds what a rerun is about, from its cursor on, in ascending order. Looks at a bounded number
 * of rows a call, and says how far it came.
 */
import { and, asc, between, eq, gt, gte, inArray, lt, lte, ne, sql, type SQL } from 'drizzle-orm'
import { REDRIVEN_STATUSES, type Rerun, type RerunPlan } from '../src/rerun.ts'
import type { Reader } from './open.ts'
import { openRepublish, type Republish } from './republish.ts'
import { inbox, outbox, outboxExceptions } from './schema.ts'

/** Rows that one look at the inbox passes: 2 ms of a thread. */
const SCANNED_ROWS_MAX = 1_000

/** What a scan is of. */
export type Scan = Pick<Rerun, 'kind' | 'query' | 'cursor' | 'bound'>

/** A part of a rerun. */
export interface Found {
  /** Of the inbox, for a redrive of the outbox; ascending, above the cursor. */
  readonly seqs: readonly number[]
  /** Everything up to here was looked at. */
  readonly to: number
}

export interface RerunScan {
  /**
   * At most `limit`, and as many as need `bytesMax` to be read or written again, but always one
   * where there is one. A `to` at the bound: there is nothing more.
   */
  next(scan: Scan, limit: number, bytesMax?: number): Found
  /** Counts to the end, or for as long as `mayGoOn` says so. */
  plan(scan: Scan, mayGoOn: () => boolean): RerunPlan
}

export function openRerunScan(reader: Reader): RerunScan {
  const { orm } = reader
  const republish = openRepublish(reader)
  const lengthOf = orm
    .select({ length: inbox.bodyLength })
    .from(inbox)
    .where(eq(inbox.seq, sql.placeholder('seq')))
    .prepare()

  function nextEvents({ query, cursor, bound }: Scan, limit: number): Found {
    const isRare = query.state !== undefined && query.state !== 'accepted'
    const first = isRare || query.seqs !== undefined ? cursor + 1 : firstAfter(reader, cursor)
    // An index or a list leads to the few; else it is rows that are looked at.
    const last =
      isRare || query.seqs !== undefined ? bound : Math.min(bound, first + SCANNED_ROWS_MAX - 1)
    const rows = orm
      .select({ seq: inbox.seq })
      .from(inbox)
      .where(and(between(inbox.seq, first, last), ...conditionsOf(query)))
      .orderBy(asc(inbox.seq))
      .limit(limit)
      .all()
    return found(rows, { limit, last })
  }

  function nextEntries({ query, cursor, bound }: Scan, limit: number): Found {
    const { status, topic } = query
    const rows = orm
      .select({ seq: outboxExceptions.seq })
      .from(outboxExceptions)
      .innerJoin(outbox, eq(outbox.seq, outboxExceptions.seq))
      .innerJoin(inbox, eq(inbox.seq, outbox.inboxSeq))
      .where(
        and(
          gt(outboxExceptions.seq, cursor),
          lte(outboxExceptions.seq, bound),
          inArray(outboxExceptions.status, status === undefined ? REDRIVEN_STATUSES : [status]),
          ...(topic === undefined ? [] : [eq(outboxExceptions.topic, topic)]),
          ...conditionsOf(query),
        ),
      )
      .orderBy(asc(outboxExceptions.seq))
      .limit(limit)
      .all()
    return found(rows, { limit, last: bound })
  }

  function bytesOf(kind: Scan['kind'], seq: number): number {
    if (kind === 'replay') return lengthOf.get({ seq })?.length ?? 0
    return republish.recordsOf(seq).reduce((sum, { valueLength }) => sum + valueLength, 0)
  }

  function next(scan: Scan, limit: number, bytesMax = Infinity): Found {
    if (scan.kind === 'redrive') return nextEntries(scan, limit)
    const events = nextEvents(scan, limit)
    if (bytesMax === Infinity) return events
    let bytes = 0
    const end = events.seqs.findIndex((seq, index) => {
      bytes += bytesOf(scan.kind, seq)
      return bytes > bytesMax && index > 0
    })
    const seqs = end === -1 ? events.seqs : events.seqs.slice(0, end)
    return end === -1 ? events : { seqs, to: seqs.at(-1) ?? events.to }
  }

  return {
    next,
    plan(scan, mayGoOn) {
      const topics = new Map<string, number>()
      let events = 0
      let cursor = scan.cursor
      while (cursor < scan.bound) {
        if (!mayGoOn()) return toPlan(events, topics, false)
        const { seqs, to } = next({ ...scan, cursor }, SCANNED_ROWS_MAX)
        cursor = to
        events += seqs.length
        for (const topic of topicsOf(scan, seqs, { reader, republish })) {
          topics.set(topic, (topics.get(topic) ?? 0) + 1)
        }
      }
      return toPlan(events, topics, true)
    },
  }
}

function found(
  rows: readonly { readonly seq: number }[],
  { limit, last }: { readonly limit: number; readonly last: number },
): Found {
  const seqs = rows.map(({ seq }) => seq)
  return { seqs, to: seqs.length < limit ? last : (seqs.at(-1) ?? last) }
}

/** Retention leaves millions of seqs behind that nothing has: one step passes them. */
function firstAfter({ orm }: Reader, cursor: number): number {
  const row = orm
    .select({ seq: inbox.seq })
    .from(inbox)
    .where(gt(inbox.seq, cursor))
    .orderBy(asc(inbox.seq))
    .limit(1)
    .get()
  return row?.seq ?? cursor + 1
}

function conditionsOf({ seqs, state, ...query }: Scan['query']): SQL[] {
  const conditions: SQL[] = []
  if (seqs !== undefined) conditions.push(inArray(inbox.seq, [...seqs]))
  if (query.source !== undefined) conditions.push(eq(inbox.source, query.source))
  if (query.type !== undefined) conditions.push(eq(inbox.type, query.type))
  if (query.id !== undefined) conditions.push(eq(inbox.eventId, query.id))
  if (query.key !== undefined) conditions.push(eq(inbox.key, query.key))
  if (query.since !== undefined) conditions.push(gte(inbox.receivedAt, query.since))
  if (query.until !== undefined) conditions.push(lt(inbox.receivedAt, query.until))
  if (state !== undefined) conditions.push(eq(inbox.state, state))
  // SQLite takes the index of the few only where it can see that they are asked for.
  if (state !== undefined && state !== 'accepted') {
    conditions.push(ne(inbox.state, sql`'accepted'`))
  }
  return conditions
}

interface TopicPorts {
  readonly reader: Reader
  readonly republish: Republish
}

/**
 * The topic of each record that is sent again. What today's handlers make of an event only they
 * know: a replay counts what they made of it last.
 */
function topicsOf({ kind }: Scan, seqs: readonly number[], ports: TopicPorts): readonly string[] {
  if (kind !== 'redrive') {
    return seqs.flatMap((seq) => ports.republish.recordsOf(seq).map(({ topic }) => topic))
  }
  const { orm } = ports.reader
  return orm
    .select({ topic: outboxExceptions.topic })
    .from(outboxExceptions)
    .where(inArray(outboxExceptions.seq, [...seqs]))
    .all()
    .map(({ topic }) => topic)
}

function toPlan(events: number, byTopic: Map<string, number>, isComplete: boolean): RerunPlan {
  const topics = [...byTopic].map(([topic, records]) => ({ topic, records }))
  const records = topics.reduce((sum, topic) => sum + topic.records, 0)
  return { events, records, topics: topics.toSorted((a, b) => b.records - a.records), isComplete }
}
