/**
 * What a step of a rerun changes beside its cursor. See db/reruns.ts.
 */
import { and, eq, isNotNull, sql } from 'drizzle-orm'
import { unreachable } from '../src/assert.ts'
import { assertTransition } from '../src/outbox.ts'
import { lazily } from '../src/lazily.ts'
import { REPLAY_HEADER, withHeader, type OutboxRecord } from '../src/record.ts'
import type { RerunCounts, RerunStep } from '../src/rerun.ts'
import { openStateChanges } from './consumer-state.ts'
import type { InletDatabase } from './open.ts'
import { openRepublish } from './republish.ts'
import { handlerRetries, inbox, outboxExceptions } from './schema.ts'

/** Puts records behind the last of the outbox, inside the transaction. */
export interface Append {
  records(inboxSeq: number, records: readonly OutboxRecord[]): void
  /** A copy of an entry under other headers. */
  copy(entrySeq: number, headers: string): void
}

type Work<Kind> = Extract<RerunStep['work'], { readonly kind: Kind }>

/** Does what a step is about, inside a transaction. */
export type RerunWork = (id: string, work: RerunStep['work'], append: Append) => RerunCounts

export function openRerunWork(database: InletDatabase): RerunWork {
  const events = prepareEvents(database)
  const entries = prepareEntries(database)
  const republish = openRepublish(database)
  const keep = lazily(() => openStateChanges(database))

  function replayAll(id: string, { results }: Work<'replay'>, append: Append): RerunCounts {
    const counts = { done: 0, failed: 0, records: 0 }
    for (const { seq, state, reason, records, kept } of results) {
      // Retention may have taken it meanwhile.
      if (events.settle.get({ seq, state, reason }) === undefined) continue
      // Whoever replays it has taken it over: nobody else tries it again.
      events.endRetries.run({ seq })
      if (kept !== undefined) {
        for (const change of kept.changes) keep()(kept.owner, change, kept.at)
      }
      const mark = (headers: string | null) => withHeader(headers, REPLAY_HEADER, id)
      append.records(
        seq,
        records.map((record) => ({ ...record, headers: mark(record.headers) })),
      )
      counts.done += 1
      counts.records += records.length
      if (state === 'failed' || state === 'invalid') counts.failed += 1
    }
    return counts
  }

  function copyAll(id: string, { seqs }: Work<'republish'>, append: Append): RerunCounts {
    const copies = seqs.flatMap((inboxSeq) => republish.recordsOf(inboxSeq))
    for (const { seq, headers } of copies) {
      append.copy(seq, withHeader(headers, REPLAY_HEADER, id))
    }
    return { done: seqs.length, failed: 0, records: copies.length }
  }

  function freeAll({ seqs, at, hasBlockedKeys }: Work<'redrive'>): RerunCounts {
    let done = 0
    for (const seq of seqs) {
      const entry = entries.exception.get({ seq })
      // The one before it of its key may have freed it already.
      if (entry === undefined || entry.status === 'retry') continue
      assertTransition(entry.status, 'retry')
      entries.free.run({ seq, at })
      done += 1
      const { topic, key } = entry
      if (hasBlockedKeys) done += entries.freeKey.all({ topic, key, at }).length
    }
    return { done, failed: 0, records: done }
  }

  return (id, work, append) => {
    switch (work.kind) {
      case 'replay':
        return replayAll(id, work, append)
      case 'republish':
        return copyAll(id, work, append)
      case 'redrive':
        return freeAll(work)
      case 'reconsume':
        return work.counts
      default:
        return unreachable(work)
    }
  }
}

function prepareEvents({ orm }: InletDatabase) {
  const slot = sql.placeholder
  return {
    settle: orm
      .update(inbox)
      .set({ state: sql`${slot('state')}`, reason: sql`${slot('reason')}` })
      .where(eq(inbox.seq, slot('seq')))
      .returning({ seq: inbox.seq })
      .prepare(),
    endRetries: orm
      .update(handlerRetries)
      .set({ nextAt: null })
      .where(and(eq(handlerRetries.inboxSeq, slot('seq')), isNotNull(handlerRetries.nextAt)))
      .prepare(),
  }
}

function prepareEntries({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const ofSeq = eq(outboxExceptions.seq, slot('seq'))
  const due = { status: sql`'retry'`, nextAt: sql`${slot('at')}` }
  const { status, topic, key } = outboxExceptions
  const blockedOfKey = and(
    eq(status, sql`'blocked'`),
    eq(topic, slot('topic')),
    eq(key, slot('key')),
  )
  return {
    exception: orm.select({ status, topic, key }).from(outboxExceptions).where(ofSeq).prepare(),
    free: orm.update(outboxExceptions).set(due).where(ofSeq).prepare(),
    freeKey: orm
      .update(outboxExceptions)
      .set(due)
      .where(blockedOfKey)
      .returning({ seq: outboxExceptions.seq })
      .prepare(),
  }
}
