/**
 * Finds events, newest or oldest first. Nothing but the order of commits and the rare states has an
 * index, because each one would cost every event a write: so a search looks at rows, a slice at a
 * time, until it has enough or its time is over, and says how far it came.
 */
import { and, between, eq, gte, lt, sql, type SQL } from 'drizzle-orm'
import type { Clock, EpochMs } from '../src/clock.ts'
import type { EventState } from '../src/event.ts'
import type { ExceptionStatus } from '../src/outbox.ts'
import { openBodies, readOrDamage } from './bodies.ts'
import { openCandidates, type Slice } from './candidates.ts'
import type { Reader } from './open.ts'
import { inbox, outbox, outboxExceptions } from './schema.ts'

/** Which events: all that is given has to match. */
export interface EventQuery {
  readonly source?: string | undefined
  readonly type?: string | undefined
  readonly state?: EventState | undefined
  /** Has a record that is set aside like this. */
  readonly records?: ExceptionStatus | undefined
  readonly id?: string | undefined
  readonly key?: string | undefined
  /** Received at this time or later. */
  readonly since?: EpochMs | undefined
  /** Received before. */
  readonly until?: EpochMs | undefined
  /** Occurs in the body, byte for byte. */
  readonly text?: string | undefined
}

export interface EventSearch {
  readonly query: EventQuery
  readonly order: 'newest' | 'oldest'
  /** Goes on behind this seq. Default: begins at the end that `order` names. */
  readonly behind?: number | undefined
  readonly limit: number
  /** How long it may search, in ms; then it answers with what it has. */
  readonly msMax: number
  /** Where an id is looked up first; the inbox itself does not list its sources. */
  readonly sources?: readonly string[] | undefined
}

/** What a search found, in its order. */
export interface EventsFound {
  readonly seqs: readonly number[]
  /** What to go on behind; null where there is nothing more. */
  readonly next: number | null
}

/** A search of stored events. */
export type Search = (search: EventSearch) => EventsFound

/**
 * Opens it on a connection that only reads. A search takes the thread for as long as it may: it is
 * for a thread of its own, or a program of its own.
 */
export function openEventSearch(reader: Reader, clock: Clock): Search {
  const candidatesOf = openCandidates(reader)
  const bodies = openBodies(reader)

  function holds(row: FoundRow, text: Uint8Array | undefined): boolean {
    if (text === undefined) return true
    const { bytes, damage } = readOrDamage(() => bodies.read(row))
    // It matches nothing, and the search goes on behind it.
    if (damage !== undefined) return false
    const { buffer, byteOffset, byteLength } = bytes
    return Buffer.from(buffer, byteOffset, byteLength).includes(text)
  }

  return ({ query, order, behind, limit, msMax, sources = [] }) => {
    const endMs = clock.monotonicMs() + msMax
    const text = query.text === undefined ? undefined : new TextEncoder().encode(query.text)
    const statements = prepareSearch(reader, query, order)
    const seqs: number[] = []
    for (const slice of candidatesOf(query, { order, behind, sources })) {
      // Without a text the rest is in SQL: no more rows than are wanted.
      const rows = findIn(slice, statements, text === undefined ? limit - seqs.length : -1)
      for (const row of rows) {
        const isFound = holds(row, text)
        if (isFound) seqs.push(row.seq)
        if (seqs.length === limit) return { seqs, next: row.seq }
        if (text !== undefined && clock.monotonicMs() > endMs) return { seqs, next: row.seq }
      }
      if (clock.monotonicMs() > endMs) return { seqs, next: slice.last }
    }
    return { seqs, next: null }
  }
}

interface FoundRow {
  readonly seq: number
  readonly chunkSeq: number
  readonly bodyOffset: number
  readonly bodyLength: number
}

type Statements = ReturnType<typeof prepareSearch>

function findIn(slice: Slice, statements: Statements, limit: number): readonly FoundRow[] {
  if (slice.kind === 'range') {
    const [first, last] = [slice.first, slice.last].toSorted((a, b) => a - b)
    return statements.inRange.all({ first, last, limit })
  }
  return statements.ofList.all({ list: JSON.stringify(slice.seqs), limit })
}

/** Once a search: SQLite reads only the columns of the conditions that there are. */
function prepareSearch({ orm }: Reader, query: EventQuery, order: EventSearch['order']) {
  const slot = sql.placeholder
  const conditions = and(...conditionsOf(query))
  const columns = {
    seq: inbox.seq,
    chunkSeq: inbox.chunkSeq,
    bodyOffset: inbox.bodyOffset,
    bodyLength: inbox.bodyLength,
  }
  const bySeq = order === 'newest' ? sql`${inbox.seq} desc` : inbox.seq
  const list = sql`(select value from json_each(${slot('list')}))`
  const among = (where: SQL) =>
    orm
      .select(columns)
      .from(inbox)
      .where(and(where, conditions))
      .orderBy(bySeq)
      .limit(slot('limit'))
      .prepare()
  return {
    inRange: among(sql`${between(inbox.seq, slot('first'), slot('last'))}`),
    ofList: among(sql`${inbox.seq} in ${list}`),
  }
}

function conditionsOf(query: EventQuery): SQL[] {
  const { source, type, state, records, id, key, since, until } = query
  return [
    ...(source === undefined ? [] : [eq(inbox.source, source)]),
    ...(type === undefined ? [] : [eq(inbox.type, type)]),
    ...(state === undefined ? [] : [eq(inbox.state, state)]),
    ...(id === undefined ? [] : [eq(inbox.eventId, id)]),
    ...(key === undefined ? [] : [eq(inbox.key, key)]),
    ...(since === undefined ? [] : [gte(inbox.receivedAt, since)]),
    ...(until === undefined ? [] : [lt(inbox.receivedAt, until)]),
    ...(records === undefined ? [] : [hasRecordOf(records)]),
  ]
}

function hasRecordOf(status: ExceptionStatus): SQL {
  return sql`exists (
    select 1 from ${outbox}
    join ${outboxExceptions} on ${outboxExceptions.seq} = ${outbox.seq}
    where ${outbox.inboxSeq} = ${inbox.seq} and ${eq(outboxExceptions.status, status)}
  )`
}
