/**
 * What one transaction does: the statements behind a commit and a mark. Queueing and
 * syncing are the writer's.
 */
import { getTableColumns, sql } from 'drizzle-orm'
import { lazily } from '../src/lazily.ts'
import type { EpochMs } from '../src/clock.ts'
import type { ConsumeCommit } from '../src/consumer.ts'
import type { Committed, NewEvent } from '../src/event.ts'
import type { RetryFinish, RetryStart } from '../src/handler-retry.ts'
import { answerTo, type AnswerToKeep } from '../src/idempotent-answer.ts'
import type { RelayMark } from '../src/outbox.ts'
import type { NewRerun, RerunChange, RerunCounts, RerunStep } from '../src/rerun.ts'
import { concat, place, type ChunkDraft } from './chunk.ts'
import { openConsume } from './consume.ts'
import type { Dedup } from './dedup.ts'
import { hash53 } from './hash.ts'
import { openIdempotencyKeys } from './idempotency-keys.ts'
import { toInboxRow } from './inbox-row.ts'
import { prepareInsert } from './insert.ts'
import { openMarks } from './mark.ts'
import type { InletDatabase } from './open.ts'
import { pack } from './packing.ts'
import type { Append } from './rerun-work.ts'
import { openReruns } from './reruns.ts'
import { openRetries, type Retries } from './retries.ts'
import { batches, chunks, inbox, outbox, variants } from './schema.ts'
import { toEvent, type LookedFor } from './shared-ids.ts'
import { slots } from './slots.ts'

/** What a transaction has done so far. Dropped when it is rolled back. */
export interface Draft extends ChunkDraft {
  /**
   * The highest seqs so far. This process is the only writer, so it counts by itself:
   * no gaps, no RETURNING.
   */
  chunk: number
  inbox: number
  outbox: number
  readonly inboxFirst: number
  /** False while nothing has changed: such a transaction needs no sync. */
  changed: boolean
}

export interface Store {
  /** The highest outbox seq that is committed. */
  readonly outboxSeq: number
  /** Between two transactions: moves what has to be moved before the next. May throw as one. */
  prepare(): void
  /** After the last one: moves what the next start would have to read. May throw as one. */
  wrapUp(): void
  begin(): Draft
  /** Stores an event with its records, or recognises a duplicate. */
  event(draft: Draft, event: NewEvent): Committed
  /** Stores all of the events and their answer, or throws and leaves the draft as it was. */
  events(draft: Draft, events: readonly NewEvent[], answer?: AnswerToKeep): readonly Committed[]
  /** Applies what a relay batch changed. */
  mark(draft: Draft, mark: RelayMark): void
  /** Counts tries of handlers that are about to begin. */
  startRetries(draft: Draft, starts: readonly RetryStart[]): void
  /** Stores how a try ended, with its records; false where it no longer counts. */
  finishRetry(draft: Draft, finish: RetryFinish): boolean
  /** Notes a rerun that is about all that is stored now. */
  createRerun(draft: Draft, rerun: NewRerun, now: EpochMs): void
  /** Changes the state of a rerun; false where it may not be changed so. */
  changeRerun(draft: Draft, change: RerunChange): boolean
  /** Counts that a process begins to work on a rerun. */
  startRerun(draft: Draft, id: string): void
  /** Does a part of a rerun; undefined where it is not at this part. */
  stepRerun(draft: Draft, step: RerunStep): RerunCounts | undefined
  /** Stores what a consumer has processed, and how far it is: all of it, or nothing. */
  consumed(draft: Draft, commit: ConsumeCommit): void
  /** Writes the chunk: the last thing in the transaction. */
  finish(draft: Draft): void
  /** The transaction is committed: the next one goes on from here. */
  committed(draft: Draft): void
}

export function openStore(database: InletDatabase, dedup: Dedup): Store {
  const statements = prepareStatements(database)
  const marks = openMarks(database)
  const keys = openIdempotencyKeys(database)
  let last = readLastSeqs(database)

  const retries = openRetries(database)
  const events = openEvents(statements, { dedup, retries })
  const { add: addEvent } = events
  return {
    get outboxSeq() {
      return last.outbox
    },
    prepare: () => dedup.keepUp(last.inbox),
    wrapUp: () => dedup.moveAll(last.inbox),
    begin() {
      database.lifetime.keep()
      return {
        ...last,
        inboxFirst: last.inbox + 1,
        bodies: [],
        bytes: 0,
        request: undefined,
        changed: false,
      }
    },
    event: addEvent,
    events: (draft, events, answer) =>
      allOrNothing(draft, () => {
        const committed = events.map((event) => addEvent(draft, event))
        addBatch(statements, draft, committed)
        if (answer !== undefined) {
          keys.remember(answerTo(answer, committed))
          draft.changed = true
        }
        return committed
      }),
    mark(draft, mark) {
      marks.apply(mark, last.outbox)
      draft.changed = true
    },
    startRetries(draft, starts) {
      for (const start of starts) retries.start(start)
      draft.changed = true
    },
    finishRetry(draft, finish) {
      draft.changed = true
      if (!retries.finish(finish)) return false
      addRecords(statements, draft.outbox, { ...finish, inboxSeq: finish.seq })
      draft.outbox += finish.records.length
      return true
    },
    ...openRerunSteps(database, statements),
    consumed: openConsumed(database, events),
    finish(draft) {
      const { bodies, inboxFirst, inbox: inboxLast } = draft
      if (bodies.length === 0) return
      draft.chunk = last.chunk + 1
      statements.addChunk({
        seq: draft.chunk,
        committedAt: database.lifetime.nowMs(),
        inboxFirst,
        inboxLast,
        ...pack(concat(bodies, draft.bytes)),
      })
    },
    committed({ chunk, inbox, outbox }) {
      last = { chunk, inbox, outbox }
    },
  }
}

function openConsumed(database: InletDatabase, { add, addShared }: Events) {
  const consume = lazily(() => openConsume(database))
  return (draft: Draft, commit: ConsumeCommit) =>
    allOrNothing(draft, () => {
      consume()(commit, {
        store: (event) => add(draft, event),
        storeShared: (shared) => addShared(draft, shared),
      })
      draft.changed = true
    })
}

type Statements = ReturnType<typeof prepareStatements>

/** Appends an event's records behind the last outbox seq. */
function addRecords(
  statements: Statements,
  lastSeq: number,
  { inboxSeq, records }: Pick<NewEvent, 'records'> & { readonly inboxSeq: number },
): void {
  for (const [n, { topic, key, headers, value }] of records.entries()) {
    statements.addOutbox({ seq: lastSeq + 1 + n, inboxSeq, n, topic, key, headers, value })
  }
}

function openRerunSteps(database: InletDatabase, statements: Statements) {
  const reruns = openReruns(database)
  return {
    createRerun(draft, rerun, now) {
      reruns.create(rerun, { now, bound: boundOf(rerun, draft) })
      draft.changed = true
    },
    changeRerun(draft, change) {
      draft.changed = true
      return reruns.change(change)
    },
    startRerun(draft, id) {
      reruns.start(id)
      draft.changed = true
    },
    stepRerun: (draft, step) =>
      allOrNothing(draft, () => {
        draft.changed = true
        return reruns.step(step, appendTo(draft, statements))
      }),
  } satisfies Partial<Store>
}

function boundOf({ kind, total }: NewRerun, { inbox, outbox }: Draft): number {
  if (kind === 'reconsume') return total ?? 0
  return kind === 'redrive' ? outbox : inbox
}

/** Puts records of known events behind the last one. */
function appendTo(draft: Draft, statements: Statements): Append {
  return {
    records(inboxSeq, records) {
      addRecords(statements, draft.outbox, { inboxSeq, records })
      draft.outbox += records.length
    },
    copy(entrySeq, headers) {
      const seq = draft.outbox + 1
      if (statements.rare().copyOutbox.get({ seq, entrySeq, headers }) !== null) draft.outbox = seq
    },
  }
}

/** Where a body stands, and what it is recognised by. */
interface Place {
  readonly bodyOffset: number
  readonly bodyHash: number
}

interface Events {
  /** Stores one event with its records, or recognises a duplicate. */
  readonly add: (draft: Draft, event: NewEvent) => Committed
  /** Stores one event for those that are not known; answers with their ids. */
  readonly addShared: (draft: Draft, shared: LookedFor) => ReadonlyMap<string, unknown>
}

function openEvents(
  statements: Statements,
  { dedup, retries }: { readonly dedup: Dedup; readonly retries: Retries },
): Events {
  function insert(draft: Draft, event: NewEvent, place: Place): number {
    const seq = draft.inbox + 1
    const { records, retryAt } = event
    statements.addInbox(toInboxRow(event, { seq, chunkSeq: draft.chunk + 1, ...place }))
    addRecords(statements, draft.outbox, { inboxSeq: seq, records })
    if (retryAt !== undefined) retries.add(seq, retryAt)
    return seq
  }

  function keep(draft: Draft, event: NewEvent, bodyHash: number): number {
    const { offset, add, request } = place(draft, event)
    const seq = insert(draft, event, { bodyOffset: offset, bodyHash })
    // Only now, when nothing can fail any more: the caller may roll one event back and go
    // on with the draft.
    draft.inbox = seq
    draft.outbox += event.records.length
    for (const bytes of add) {
      draft.bodies.push(bytes)
      draft.bytes += bytes.byteLength
    }
    draft.request = request
    draft.changed = true
    return seq
  }

  return {
    add(draft, event) {
      const bodyHash = hash53(event.body)
      const first = dedup.find(event)
      if (first === undefined) {
        const seq = keep(draft, event, bodyHash)
        dedup.remember(event, seq)
        return { kind: 'stored', seq }
      }
      const sameBody = first.bodyHash === bodyHash
      if (!sameBody) {
        const { receivedAt, body } = event
        statements.rare().addVariant.run({
          inboxSeq: first.inboxSeq,
          firstReceivedAt: receivedAt,
          firstBody: body,
        })
        draft.changed = true
      }
      return { kind: 'duplicate', seq: first.inboxSeq, sameBody }
    },
    addShared(draft, shared) {
      const unknown = dedup.unknownOf(shared)
      if (unknown.size === 0) return unknown
      const event = toEvent({ ...shared, ids: [...unknown.keys()] })
      const seq = keep(draft, event, hash53(event.body))
      dedup.rememberAll(unknown.values(), seq)
      return unknown
    },
  }
}

/** Notes which of the new events came with the request that was stored last. */
function addBatch(statements: Statements, draft: Draft, committed: readonly Committed[]): void {
  const seqs = committed.filter(({ kind }) => kind === 'stored').map(({ seq }) => seq)
  const [inboxFirst] = seqs
  if (draft.request === undefined || inboxFirst === undefined) return
  const { offset: bodyOffset, body } = draft.request
  const inboxLast = inboxFirst + seqs.length - 1
  statements.addBatch({ inboxFirst, inboxLast, bodyOffset, bodyLength: body.byteLength })
}

/** Leaves the draft as it was where `task` throws; what it wrote is the caller's to roll back. */
function allOrNothing<T>(draft: Draft, task: () => T): T {
  const { inbox, outbox, bytes, request, changed, bodies } = draft
  const { length } = bodies
  try {
    return task()
  } catch (error) {
    Object.assign(draft, { inbox, outbox, bytes, request, changed })
    bodies.length = length
    throw error
  }
}

/**
 * From AUTOINCREMENT's own table: a seq is never used twice, also when retention
 * has emptied the tables.
 */
function readLastSeqs({ client }: InletDatabase): { chunk: number; inbox: number; outbox: number } {
  const rows = client
    .query<{ name: string; seq: number }, []>('SELECT name, seq FROM sqlite_sequence')
    .all()
  const seqs = new Map(rows.map(({ name, seq }) => [name, seq]))
  return {
    chunk: seqs.get('chunks') ?? 0,
    inbox: seqs.get('inbox') ?? 0,
    outbox: seqs.get('outbox') ?? 0,
  }
}

/** Within SQLite: a value may be megabytes. */
const COPY_OUTBOX = `
  INSERT INTO outbox (seq, inbox_seq, n, topic, key, headers, value)
  SELECT $seq, inbox_seq, n, topic, key, $headers, value FROM outbox WHERE seq = $entrySeq
  RETURNING seq`

function prepareStatements(database: InletDatabase) {
  return {
    addChunk: prepareInsert(database, chunks),
    addBatch: prepareInsert(database, batches),
    addInbox: prepareInsert(database, inbox),
    addOutbox: prepareInsert(database, outbox),
    rare: lazily(() => prepareRare(database)),
  }
}

function prepareRare({ orm, client }: InletDatabase) {
  return {
    copyOutbox: client.prepare<
      { seq: number },
      [{ readonly seq: number; readonly entrySeq: number; readonly headers: string }]
    >(COPY_OUTBOX),
    addVariant: orm
      .insert(variants)
      .values({ ...slots(getTableColumns(variants)), count: 1 })
      .onConflictDoUpdate({
        target: variants.inboxSeq,
        set: { count: sql`${variants.count} + 1` },
      })
      .prepare(),
  }
}
