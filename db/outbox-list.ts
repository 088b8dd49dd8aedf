/** What is not on its topic, for people. Reads through a connection of its own. */
import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { EpochMs } from '../src/clock.ts'
import type { FaultCode } from '../src/faults/faults.ts'
import type { EntryStatus, ExceptionStatus } from '../src/outbox.ts'
import type { Reader } from './open.ts'
import { inbox, outbox, outboxExceptions, relayProgress } from './schema.ts'

/** Entries that one look passes where only those of one source or topic are wanted. */
const LOOKED_AT_MAX = 20_000

/** An outbox entry without its value, and the event it is of. */
export interface ListedEntry {
  readonly seq: number
  readonly n: number
  readonly topic: string
  readonly key: string
  readonly headers: string | null
  readonly status: EntryStatus
  readonly attempts: number
  readonly nextAt: EpochMs | null
  readonly code: FaultCode | null
  readonly reason: string | null
  readonly eventSeq: number
  readonly source: string
  readonly eventId: string
  readonly type: string
  readonly receivedAt: EpochMs
}

export interface OutboxListQuery {
  readonly status: ExceptionStatus | 'pending'
  readonly topic?: string | undefined
  readonly source?: string | undefined
  /** Only later entries. */
  readonly after?: number | undefined
  readonly limit: number
}

/**
 * Oldest first. `next` is what to go on after, null at the end: a page may be short and not the
 * last where only some of many are wanted.
 */
export function openOutboxList(reader: Reader) {
  const statements = prepareStatements(reader)

  return ({ status, topic, source, after = 0, limit }: OutboxListQuery) => {
    const highWater = statements.progress.get()?.highWater ?? 0
    const isPending = status === 'pending'
    const from = isPending ? Math.max(after, highWater) : after
    const rows = (isPending ? statements.pending : statements.setAside).all({
      status,
      after: from,
      limit: LOOKED_AT_MAX,
    })
    const seqs = JSON.stringify(rows.map(({ seq }) => seq))
    const entries = statements.entries
      .all({ seqs, topic: topic ?? null, source: source ?? null, limit })
      .map(({ attempts, ...entry }): ListedEntry => {
        return { ...entry, status, attempts: attempts ?? 0 }
      })
    const lookedAt = rows.length < LOOKED_AT_MAX ? null : (rows.at(-1)?.seq ?? null)
    const next = entries.length < limit ? lookedAt : (entries.at(-1)?.seq ?? null)
    return { entries, next }
  }
}

function prepareStatements({ orm }: Reader) {
  const slot = sql.placeholder
  return {
    progress: orm.select({ highWater: relayProgress.highWater }).from(relayProgress).prepare(),
    pending: orm
      .select({ seq: outbox.seq })
      .from(outbox)
      .where(gt(outbox.seq, slot('after')))
      .orderBy(asc(outbox.seq))
      .limit(slot('limit'))
      .prepare(),
    // By seq, not by the index of statuses: it is sorted by topic.
    setAside: orm
      .select({ seq: outboxExceptions.seq })
      .from(outboxExceptions)
      .where(
        and(
          gt(outboxExceptions.seq, slot('after')),
          sql`+${eq(outboxExceptions.status, slot('status'))}`,
        ),
      )
      .orderBy(asc(outboxExceptions.seq))
      .limit(slot('limit'))
      .prepare(),
    entries: orm
      .select({
        seq: outbox.seq,
        n: outbox.n,
        topic: outbox.topic,
        key: outbox.key,
        headers: outbox.headers,
        attempts: outboxExceptions.attempts,
        nextAt: outboxExceptions.nextAt,
        code: outboxExceptions.code,
        reason: outboxExceptions.reason,
        eventSeq: inbox.seq,
        source: inbox.source,
        eventId: inbox.eventId,
        type: inbox.type,
        receivedAt: inbox.receivedAt,
      })
      .from(outbox)
      .innerJoin(inbox, eq(inbox.seq, outbox.inboxSeq))
      .leftJoin(outboxExceptions, eq(outboxExceptions.seq, outbox.seq))
      .where(
        and(
          sql`${outbox.seq} in (select value from json_each(${slot('seqs')}))`,
          sql`(${slot('topic')} is null or ${outbox.topic} = ${slot('topic')})`,
          sql`(${slot('source')} is null or ${inbox.source} = ${slot('source')})`,
        ),
      )
      .orderBy(asc(outbox.seq))
      .limit(slot('limit'))
      .prepare(),
  }
}
