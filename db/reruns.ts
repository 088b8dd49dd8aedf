/**
 * Reruns, and the audit log of them: the cursor of one moves in the transaction that holds all that
 * its step wrote, so that a crash repeats nothing and leaves nothing out.
 */
import { and, asc, desc, eq, getTableColumns, sql } from 'drizzle-orm'
import type {
  NewRerun,
  Rerun,
  RerunChange,
  RerunCounts,
  RerunKind,
  RerunQuery,
  RerunState,
  RerunStep,
} from '../src/rerun.ts'
import { lazily } from '../src/lazily.ts'
import type { InletDatabase, Reader } from './open.ts'
import { openRerunWork, type Append } from './rerun-work.ts'
import { reruns } from './schema.ts'
import { slots } from './slots.ts'

/** Changes to reruns, inside a transaction. */
export interface Reruns {
  create(rerun: NewRerun, at: { readonly now: number; readonly bound: number }): void
  /** False where it is in none of the states that it may be changed in. */
  change(change: RerunChange): boolean
  /** A process begins to work on it. */
  start(id: string): void
  /** Undefined, and nothing happens, where it does not run, or its cursor is not there. */
  step(step: RerunStep, append: Append): RerunCounts | undefined
}

export function openReruns(database: InletDatabase): Reruns {
  const statements = lazily(() => prepareStatements(database))
  const workOn = lazily(() => openRerunWork(database))
  return {
    create(rerun, { now, bound }) {
      statements().add.run({
        ...NEW,
        ...rerun,
        query: JSON.stringify(rerun.query),
        createdAt: now,
        bound,
      })
    },
    change({ id, from, to, reason, at }) {
      const row = statements().state.get({ id })
      if (row === undefined || !from.includes(row.state)) return false
      const finishedAt = to === 'running' ? null : at
      statements().change.run({ id, state: to, reason, finishedAt })
      return true
    },
    start(id) {
      statements().start.run({ id })
    },
    step({ id, from, to, work }, append) {
      if (statements().advance.get({ id, from, to }) === undefined) return undefined
      const counts = workOn()(id, work, append)
      statements().count.run({ id, ...counts })
      return counts
    },
  }
}

const NEW = {
  state: 'running',
  finishedAt: null,
  cursor: 0,
  done: 0,
  failed: 0,
  records: 0,
  starts: 0,
  reason: null,
} as const satisfies Partial<Rerun>

/** Reads reruns, on a connection that only reads. */
export interface RerunReader {
  byId(id: string): Rerun | undefined
  /** Newest first. */
  list(limit: number): readonly Rerun[]
  /** The one of this kind that was asked for first and is not at its end. */
  firstRunning(kind: RerunKind): Rerun | undefined
  countRunning(): number
}

export function openRerunReader({ orm }: Reader): RerunReader {
  const slot = sql.placeholder
  const rows = () => orm.select().from(reruns)
  const byId = lazily(() =>
    rows()
      .where(eq(reruns.id, slot('id')))
      .prepare(),
  )
  const list = lazily(() => rows().orderBy(desc(reruns.seq)).limit(slot('limit')).prepare())
  const isRunning = eq(reruns.state, sql`'running'`)
  const first = lazily(() =>
    rows()
      .where(and(isRunning, eq(reruns.kind, slot('kind'))))
      .orderBy(asc(reruns.seq))
      .limit(1)
      .prepare(),
  )
  const count = lazily(() =>
    orm
      .select({ count: sql<number>`count(*)` })
      .from(reruns)
      .where(isRunning)
      .prepare(),
  )
  return {
    byId: (id) => toRerun(byId().get({ id })),
    list: (limit) =>
      list()
        .all({ limit })
        .flatMap((row) => toRerun(row) ?? []),
    firstRunning: (kind) => toRerun(first().get({ kind })),
    countRunning: () => count().get()?.count ?? 0,
  }
}

function toRerun(row: typeof reruns.$inferSelect | undefined): Rerun | undefined {
  return row && { ...row, query: JSON.parse(row.query) as RerunQuery }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const { seq: _counted, ...columns } = getTableColumns(reruns)
  const ofId = eq(reruns.id, slot('id'))
  return {
    add: orm.insert(reruns).values(slots(columns)).prepare(),
    state: orm
      .select({ state: sql<RerunState>`${reruns.state}` })
      .from(reruns)
      .where(ofId)
      .prepare(),
    change: orm
      .update(reruns)
      .set({
        state: sql`${slot('state')}`,
        reason: sql`${slot('reason')}`,
        finishedAt: sql`${slot('finishedAt')}`,
        starts: 0,
      })
      .where(ofId)
      .prepare(),
    start: orm
      .update(reruns)
      .set({ starts: sql`${reruns.starts} + 1` })
      .where(ofId)
      .prepare(),
    advance: orm
      .update(reruns)
      .set({ cursor: sql`${slot('to')}`, starts: 0 })
      .where(and(ofId, eq(reruns.cursor, slot('from')), eq(reruns.state, sql`'running'`)))
      .returning({ id: reruns.id })
      .prepare(),
    count: orm
      .update(reruns)
      .set({
        done: sql`${reruns.done} + ${slot('done')}`,
        failed: sql`${reruns.failed} + ${slot('failed')}`,
        records: sql`${reruns.records} + ${slot('records')}`,
      })
      .where(ofId)
      .prepare(),
  }
}
