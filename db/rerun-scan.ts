/** What a rerun reads, beside the search for events: see db/event-search.ts. */
import { and, asc, eq, gt, gte, inArray, lt, lte, max, sql, type SQL } from 'drizzle-orm'
import { lazily } from '../src/lazily.ts'
import { REDRIVEN_STATUSES, type RerunKind, type RerunQuery } from '../src/rerun.ts'
import type { Reader } from './open.ts'
import { openRepublish } from './republish.ts'
import { inbox, outbox, outboxExceptions } from './schema.ts'

/** Which entries a redrive looks for: `after` < seq <= `bound`. */
export interface EntryRange {
  readonly query: RerunQuery
  readonly after: number
  readonly bound: number
  readonly limit: number
}

export interface RerunScan {
  /** The seq up to which a rerun that is asked for now would go. */
  boundOf(kind: RerunKind): number
  /** Entries that a redrive would free, in ascending order, at most `limit`. */
  entries(range: EntryRange): readonly number[]
  /** Those of these events that are stored, in ascending order. */
  stored(seqs: readonly number[]): readonly number[]
  /** Bytes that a step of one event reads, or writes again. */
  bytesOf(kind: RerunKind, seq: number): number
  /**
   * The topic of each record that is sent again. What today's handlers make of an event only they
   * know: a replay counts what they made of it last.
   */
  topicsOf(kind: RerunKind, seqs: readonly number[]): readonly string[]
}

export function openRerunScan(reader: Reader): RerunScan {
  const { orm } = reader
  const statements = lazily(() => prepareStatements(reader))
  const republish = lazily(() => openRepublish(reader))
  return {
    boundOf: (kind) => statements()[kind === 'redrive' ? 'lastEntry' : 'lastEvent'].get()?.seq ?? 0,
    entries: ({ query, after, bound, limit }) =>
      orm
        .select({ seq: outboxExceptions.seq })
        .from(outboxExceptions)
        .innerJoin(outbox, eq(outbox.seq, outboxExceptions.seq))
        .innerJoin(inbox, eq(inbox.seq, outbox.inboxSeq))
        .where(
          and(
            gt(outboxExceptions.seq, after),
            lte(outboxExceptions.seq, bound),
            ...conditionsOf(query),
          ),
        )
        .orderBy(asc(outboxExceptions.seq))
        .limit(limit)
        .all()
        .map(({ seq }) => seq),
    stored: (seqs) =>
      statements()
        .stored.all({ seqs: JSON.stringify(seqs) })
        .map(({ seq }) => seq),
    bytesOf(kind, seq) {
      if (kind === 'replay') return statements().length.get({ seq })?.length ?? 0
      return republish()
        .recordsOf(seq)
        .reduce((sum, { valueLength }) => sum + valueLength, 0)
    },
    topicsOf(kind, seqs) {
      if (kind !== 'redrive') {
        return seqs.flatMap((seq) =>
          republish()
            .recordsOf(seq)
            .map(({ topic }) => topic),
        )
      }
      return statements()
        .topics.all({ seqs: JSON.stringify(seqs) })
        .map(({ topic }) => topic)
    },
  }
}

function conditionsOf({ seqs, topic, status, ...query }: RerunQuery): SQL[] {
  const statuses = status === undefined ? REDRIVEN_STATUSES : [status]
  return [
    inArray(outboxExceptions.status, statuses),
    ...(topic === undefined ? [] : [eq(outboxExceptions.topic, topic)]),
    ...(seqs === undefined ? [] : [inArray(inbox.seq, [...seqs])]),
    ...(query.source === undefined ? [] : [eq(inbox.source, query.source)]),
    ...(query.type === undefined ? [] : [eq(inbox.type, query.type)]),
    ...(query.state === undefined ? [] : [eq(inbox.state, query.state)]),
    ...(query.id === undefined ? [] : [eq(inbox.eventId, query.id)]),
    ...(query.key === undefined ? [] : [eq(inbox.key, query.key)]),
    ...(query.since === undefined ? [] : [gte(inbox.receivedAt, query.since)]),
    ...(query.until === undefined ? [] : [lt(inbox.receivedAt, query.until)]),
  ]
}

function prepareStatements({ orm }: Reader) {
  const slot = sql.placeholder
  const list = sql`(select value from json_each(${slot('seqs')}))`
  const { topic } = outboxExceptions
  return {
    lastEvent: orm
      .select({ seq: max(inbox.seq) })
      .from(inbox)
      .prepare(),
    lastEntry: orm
      .select({ seq: max(outbox.seq) })
      .from(outbox)
      .prepare(),
    length: orm
      .select({ length: inbox.bodyLength })
      .from(inbox)
      .where(eq(inbox.seq, slot('seq')))
      .prepare(),
    stored: orm
      .select({ seq: inbox.seq })
      .from(inbox)
      .where(sql`${inbox.seq} in ${list}`)
      .orderBy(asc(inbox.seq))
      .prepare(),
    topics: orm
      .select({ topic })
      .from(outboxExceptions)
      .where(sql`${outboxExceptions.seq} in ${list}`)
      .prepare(),
  }
}
