import { asc, between, eq, getTableColumns, lt, max, sql } from 'drizzle-orm'
import { assert } from '../src/assert.ts'
import { lazily } from '../src/lazily.ts'
import {
  BYTES_PER_ID,
  cut,
  decode,
  encode,
  seqsIn,
  SLICES_PER_RUN,
  sliceOf,
  type Slice,
} from './id-slices.ts'
import { IdTables } from './id-table.ts'
import type { InletDatabase, Reader } from './open.ts'
import type { Ids } from './recent-ids.ts'
import { dedupRuns, dedupSlices } from './schema.ts'
import { slots } from './slots.ts'

/**
 * Ids that one step of writing a run looks after: it stands between two commits, 0.2 ms. A run that
 * was written whole took 3 ms, and up to 34 where its code had not run for a while.
 */
const STEP_IDS = 1_024

/** The seqs of nearly every id: it costs no array. */
const NONE: readonly number[] = []

/**
 * The ids of older events in immutable runs, each one cut into slices by hash: rows that are only
 * ever appended, and dropped a run at a time.
 */
export interface IdRuns {
  /** The last inbox seq that was in a run when they were opened; 0 where there was none. */
  readonly seqLast: number
  /** Begins a run of these ids. One at a time; it knows none of them before it is whole. */
  begin(ids: Ids): RunInWork
  /**
   * Takes the oldest run that is not yet in the tables into them, 2 ms; false where there is none.
   * Until then each look-up asks the run itself, 5 µs: so nobody waits for that at a start.
   */
  takeIn(): boolean
  /**
   * The same, as often as a run was written here. What a start has found is left alone, unless it
   * is more than OUTSIDE_MAX runs: then no commit waits for a quiet moment to take one in.
   */
  takeInNew(): void
  /** The seqs of this hash: those of one id, and any that collide. */
  find(hash: number): readonly number[]
  /** Drops the oldest run whose last id came in before then; `ids` is undefined without one. */
  dropOldest(endedBefore: number): { readonly ids: number | undefined }
}

/** A run that is written a part at a time. */
export interface RunInWork {
  /**
   * Writes the next part in a transaction of its own, and says whether the run is whole. What it
   * throws changes nothing: the same part is next.
   */
  step(): boolean
}

/**
 * Runs that each new id may ask by itself, 5 µs each: of 10,000,000 ids there are 305, and with all
 * of them a gateway took 1,300 events a second after its start, and refused others.
 */
export const OUTSIDE_MAX = 32

export function openIdRuns(database: InletDatabase): IdRuns {
  const statements = lazily(() => prepareStatements(database))
  const reader = openRunReader(database)
  const tables = new IdTables()
  /** Of the runs that are whole. */
  const seqLasts = new Map<number, number>()
  /** Those that are not in the tables yet, oldest first. */
  let outside: readonly Run[] = []
  let newest = 0
  /** Of runs that were written here, and that `takeInNew` has not answered with one. */
  let newCount = 0

  function addWhole(run: Run): void {
    newest = run.run
    seqLasts.set(run.run, run.seqLast)
    outside = [...outside, run]
  }

  function takeIn(): boolean {
    const [run] = outside
    if (run === undefined) return false
    tables.add(run.run, reader.slicesOf(run))
    outside = outside.slice(1)
    return true
  }

  for (const run of reader.list()) addWhole(run)

  return {
    seqLast: seqLasts.get(newest) ?? 0,
    begin(ids) {
      const seqLast = ids.seqs.at(-1)
      assert(seqLast !== undefined, 'a run has ids')
      const run = { run: newest + 1, seqLast }
      function onWhole(): void {
        addWhole(run)
        newCount += 1
      }
      return startRun(run, ids, { database, statements: statements(), onWhole })
    },
    takeIn,
    takeInNew() {
      if (newCount === 0 && outside.length <= OUTSIDE_MAX) return
      if (newCount > 0) newCount -= 1
      takeIn()
    },
    find(hash) {
      const inside = tables.runsOf(hash)
      if (inside.length === 0 && outside.length === 0) return NONE
      const found = inside.flatMap((run) => {
        const seqLast = seqLasts.get(run)
        return seqLast === undefined ? NONE : reader.find({ run, seqLast }, hash)
      })
      return [...found, ...outside.flatMap((run) => reader.find(run, hash))]
    },
    dropOldest(endedBefore) {
      const oldest = statements().oldest.get({ endedBefore })
      if (oldest === undefined) return { ids: undefined }
      const { run } = oldest
      const ids = database.write(() => {
        const range = { first: idOf(run, 0), last: idOf(run, SLICES_PER_RUN - 1) }
        const slices = statements().dropSlices.all(range)
        statements().dropRun.run({ run })
        return slices.reduce((sum, { bytes }) => sum + bytes / BYTES_PER_ID, 0)
      })
      seqLasts.delete(run)
      outside = outside.filter((each) => each.run !== run)
      tables.keepFrom(run + 1)
      return { ids }
    },
  }
}

interface RunPorts {
  readonly database: InletDatabase
  readonly statements: ReturnType<typeof prepareStatements>
  readonly onWhole: () => void
}

function startRun({ run, seqLast }: Run, ids: Ids, ports: RunPorts): RunInWork {
  const { database, statements, onWhole } = ports
  const slices = cut(ids, seqLast)
  const slicesPerStep = Math.ceil((SLICES_PER_RUN * STEP_IDS) / ids.hashes.length)
  let written = 0
  return {
    step() {
      const part = slices.slice(written, written + slicesPerStep)
      const isLast = written + part.length === SLICES_PER_RUN
      database.write(() => {
        for (const [index, words] of part.entries()) {
          statements.addSlice.run(idOf(run, written + index), encode(words))
        }
        if (isLast) statements.addRun.run({ run, seqLast, endsAt: database.lifetime.nowMs() })
      })
      written += part.length
      if (isLast) onWhole()
      return isLast
    },
  }
}

/** The runs as another connection sees them: without memory of what is in them. */
export interface RunReader {
  /** Those that there are, oldest first. */
  list(): readonly Run[]
  /** All slices of one of them. */
  slicesOf(run: Run): readonly Slice[]
  /** The seqs of this hash in one of them: those of one id, and any that collide. */
  find(run: Run, hash: number): readonly number[]
}

/** A run, and the last inbox seq in it. */
export interface Run {
  readonly run: number
  readonly seqLast: number
}

export function openRunReader({ client }: Reader): RunReader {
  // Not by Drizzle: a start waits for the first, an event may for one, and after a start all of
  // them are read.
  const runs = client.prepare<Run, []>(
    'SELECT run, seq_last AS seqLast FROM dedup_runs ORDER BY run',
  )
  const one = client.prepare<SliceRow, [number]>('SELECT ids FROM dedup_slices WHERE id = ?')
  const all = client.prepare<SliceRow, [number, number]>(
    'SELECT ids FROM dedup_slices WHERE id BETWEEN ? AND ? ORDER BY id',
  )
  return {
    list: () => runs.all(),
    slicesOf({ run }) {
      return all.all(idOf(run, 0), idOf(run, SLICES_PER_RUN - 1)).map(({ ids }) => decode(ids))
    },
    find({ run, seqLast }, hash) {
      const row = one.get(idOf(run, sliceOf(hash)))
      return row === null ? NONE : seqsIn(decode(row.ids), hash, seqLast)
    },
  }
}

interface SliceRow {
  readonly ids: Uint8Array
}

function idOf(run: number, slice: number): number {
  return run * SLICES_PER_RUN + slice
}

function prepareStatements({ orm, client }: InletDatabase) {
  const slot = sql.placeholder
  const inRange = between(dedupSlices.id, slot('first'), slot('last'))
  return {
    // In the place of what is left of a run that was not whole when its process ended.
    addSlice: client.prepare<never, [number, Uint8Array]>(
      'INSERT OR REPLACE INTO dedup_slices (id, ids) VALUES (?, ?)',
    ),
    addRun: orm
      .insert(dedupRuns)
      .values(slots(getTableColumns(dedupRuns)))
      .prepare(),
    // The newest stays: it says how far the runs go.
    oldest: orm
      .select({ run: dedupRuns.run })
      .from(dedupRuns)
      .where(
        sql`${lt(dedupRuns.endsAt, slot('endedBefore'))} and ${lt(
          dedupRuns.run,
          sql`(${orm.select({ newest: max(dedupRuns.run) }).from(dedupRuns)})`,
        )}`,
      )
      .orderBy(asc(dedupRuns.run))
      .limit(1)
      .prepare(),
    dropSlices: orm
      .delete(dedupSlices)
      .where(inRange)
      .returning({ bytes: sql<number>`length(${dedupSlices.ids})` })
      .prepare(),
    dropRun: orm
      .delete(dedupRuns)
      .where(eq(dedupRuns.run, slot('run')))
      .prepare(),
  }
}
