/** Where a search looks: all rows, or the few that an index, a list or the ids lead to. */
import { and, asc, between, desc, eq, gte, max, min, ne, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import type { EventQuery, EventSearch } from './event-search.ts'
import { openIdLookUp } from './id-look-up.ts'
import type { Reader } from './open.ts'
import { inbox, outbox, outboxExceptions } from './schema.ts'

/** Rows of a slice: 2 to 4 ms where nothing of them is in memory yet. */
const SLICE_ROWS = 2_000

/**
 * Events with a record that is set aside are gathered first where there are at most so many: 20 ms.
 * Among more, looking at rows one by one finds some soon.
 */
const SET_ASIDE_LISTED_MAX = 20_000

/**
 * How far a wall clock may have been off, in ms, for a search by time to find all. Seqs ascend with
 * time only as long as the clock does.
 */
const CLOCK_OFF_MS_MAX = 60 * 60_000

/** Seqs to look at, in the order of the search; `last` is the one that it ends with. */
export type Slice =
  | { readonly kind: 'range'; readonly first: number; readonly last: number }
  | { readonly kind: 'list'; readonly seqs: readonly number[]; readonly last: number }

type Where = Pick<EventSearch, 'order' | 'behind'> & { readonly sources: readonly string[] }

/** The first and the last seq that can match. */
interface Bounds {
  readonly low: number
  readonly high: number
}

/** Opens it: returns where to look for what a query asks for. */
export function openCandidates(reader: Reader) {
  const statements = prepareStatements(reader)
  const ids = openIdLookUp(reader)

  /** The first seq that was received at this time or later; nearly, where the clock jumped. */
  function seqAt(timeMs: EpochMs, { low, high }: Bounds): number {
    let [from, to] = [low, high + 1]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      const row = statements.atOrAfter.get({ seq: middle })
      if (row === undefined || row.receivedAt >= timeMs) to = middle
      else from = row.seq + 1
    }
    return from
  }

  function boundsOf({ since, until }: EventQuery, { order, behind }: Where): Bounds {
    const stored = { low: statements.first.get()?.seq ?? 1, high: statements.last.get()?.seq ?? 0 }
    const beyond = behind ?? (order === 'newest' ? Infinity : -Infinity)
    const low = since === undefined ? stored.low : seqAt(since - CLOCK_OFF_MS_MAX, stored)
    const high = until === undefined ? stored.high : seqAt(until + CLOCK_OFF_MS_MAX, stored) - 1
    return order === 'newest'
      ? { low, high: Math.min(high, beyond - 1) }
      : { low: Math.max(low, beyond + 1), high }
  }

  /** Undefined where there are too many. */
  function setAside(status: NonNullable<EventQuery['records']>): readonly number[] | undefined {
    const rows = statements.setAside.all({ status, limit: SET_ASIDE_LISTED_MAX + 1 })
    if (rows.length > SET_ASIDE_LISTED_MAX) return undefined
    return [...new Set(rows.map(({ inboxSeq }) => inboxSeq))]
  }

  function* rare(state: string, bounds: Bounds, order: Where['order']): Generator<Slice> {
    let { low, high } = bounds
    for (;;) {
      const rows = statements[order].all({ state, low, high, limit: SLICE_ROWS })
      const seqs = rows.map(({ seq }) => seq)
      const last = seqs.at(-1)
      if (last === undefined) return
      yield { kind: 'list', seqs, last }
      if (order === 'newest') high = last - 1
      else low = last + 1
    }
  }

  return function* candidates(query: EventQuery, where: Where): Generator<Slice> {
    const { source, id, state, records } = query
    const bounds = boundsOf(query, where)
    const { order } = where
    if (id !== undefined) {
      const only = source !== undefined
      const seqs = ids.find(id, { sources: only ? [source] : where.sources, only })
      // Of no source that is known: then it may be one that few events are from.
      yield* seqs.length === 0 && !only ? ranges(bounds, order) : listed(seqs, bounds, order)
      return
    }
    if (state !== undefined && state !== 'accepted') {
      yield* rare(state, bounds, order)
      return
    }
    const few = records === undefined ? undefined : setAside(records)
    yield* few === undefined ? ranges(bounds, order) : listed(few, bounds, order)
  }
}

function* ranges({ low, high }: Bounds, order: Where['order']): Generator<Slice> {
  if (order === 'newest') {
    for (let first = high; first >= low; first -= SLICE_ROWS) {
      yield { kind: 'range', first, last: Math.max(low, first - SLICE_ROWS + 1) }
    }
    return
  }
  for (let first = low; first <= high; first += SLICE_ROWS) {
    yield { kind: 'range', first, last: Math.min(high, first + SLICE_ROWS - 1) }
  }
}

function* listed(seqs: readonly number[], bounds: Bounds, order: Where['order']) {
  const within = seqs.filter((seq) => seq >= bounds.low && seq <= bounds.high)
  const inOrder = within.toSorted((a, b) => (order === 'newest' ? b - a : a - b))
  for (let at = 0; at < inOrder.length; at += SLICE_ROWS) {
    const slice = inOrder.slice(at, at + SLICE_ROWS)
    yield { kind: 'list', seqs: slice, last: slice.at(-1) ?? 0 } satisfies Slice
  }
}

function prepareStatements({ orm }: Reader) {
  const slot = sql.placeholder
  // SQLite takes the index of the few only where it can see that they are asked for.
  const ofState = and(
    eq(inbox.state, slot('state')),
    ne(inbox.state, sql`'accepted'`),
    between(inbox.seq, slot('low'), slot('high')),
  )
  const rare = () => orm.select({ seq: inbox.seq }).from(inbox).where(ofState)
  return {
    first: orm
      .select({ seq: min(inbox.seq) })
      .from(inbox)
      .prepare(),
    last: orm
      .select({ seq: max(inbox.seq) })
      .from(inbox)
      .prepare(),
    atOrAfter: orm
      .select({ seq: inbox.seq, receivedAt: inbox.receivedAt })
      .from(inbox)
      .where(gte(inbox.seq, slot('seq')))
      .orderBy(asc(inbox.seq))
      .limit(1)
      .prepare(),
    newest: rare().orderBy(desc(inbox.seq)).limit(slot('limit')).prepare(),
    oldest: rare().orderBy(asc(inbox.seq)).limit(slot('limit')).prepare(),
    setAside: orm
      .select({ inboxSeq: outbox.inboxSeq })
      .from(outboxExceptions)
      .innerJoin(outbox, eq(outbox.seq, outboxExceptions.seq))
      .where(eq(outboxExceptions.status, slot('status')))
      .limit(slot('limit'))
      .prepare(),
  }
}
