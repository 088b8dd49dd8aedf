import { asc, between, eq, getTableColumns, lt, lte, max, sql } from 'drizzle-orm'
import { assert } from '../src/assert.ts'
import { lazily } from '../src/lazily.ts'
import { addToFilter, emptyFilter, FilterGroup, RUNS_PER_GROUP } from './id-filter.ts'
import type { InletDatabase, Reader } from './open.ts'
import type { Ids } from './recent-ids.ts'
import { dedupRuns, dedupSlices } from './schema.ts'
import { slots } from './slots.ts'

/** A look-up in a run reads one slice of it: 1,024 ids, 16 KiB, about 8 µs. A power of two. */
const SLICES_PER_RUN = 32

/**
 * Ids that one step of writing a run looks after: it stands between two commits, 0.2 ms. A run that
 * was written whole took 3 ms, and up to 34 where its code had not run for a while.
 */
const STEP_IDS = 1_024

/** What a slice is chosen by: the highest of the 53 bits. */
const HASHES_PER_SLICE = 2 ** 53 / SLICES_PER_RUN

/**
 * The ids of older events in immutable runs, each one cut into slices by hash: rows that are only
 * ever appended, and dropped a run at a time.
 */
export interface IdRuns {
  /** The last inbox seq that was in a run when they were opened; 0 where there was none. */
  readonly seqLast: number
  /** Begins a run of these ids. One at a time; it knows none of them before it is whole. */
  begin(ids: Ids): RunInWork
  /** The seqs of this hash: those of one id, and any that collide. */
  find(hash: number): readonly number[]
  /** Drops the oldest run whose last id came in by then; `ids` is undefined where there is none. */
  dropOldest(endedBy: number): { readonly ids: number | undefined }
}

/** A run that is written a part at a time. */
export interface RunInWork {
  /**
   * Writes the next part in a transaction of its own, and says whether the run is whole. What it
   * throws changes nothing: the same part is next.
   */
  step(): boolean
}

export function openIdRuns(database: InletDatabase): IdRuns {
  const statements = lazily(() => prepareStatements(database))
  const reader = lazily(() => openRunReader(database))
  /** By their place in the order of runs: a new one begins every 32 runs. */
  const groups = new Map<number, FilterGroup>()
  const runs = database.orm.select().from(dedupRuns).orderBy(asc(dedupRuns.run)).all()
  let newest = runs.at(-1)?.run ?? 0

  function show(run: number, filter: Uint32Array): void {
    const place = Math.floor(run / RUNS_PER_GROUP)
    const group = groups.get(place) ?? new FilterGroup()
    groups.set(place, group)
    group.add(run, filter)
  }

  function hide(run: number): void {
    const place = Math.floor(run / RUNS_PER_GROUP)
    if (groups.get(place)?.remove(run) === false) groups.delete(place)
  }

  for (const { run, filter } of runs) show(run, new Uint32Array(filter.slice().buffer))

  return {
    seqLast: runs.at(-1)?.seqLast ?? 0,
    begin(ids) {
      const run = newest + 1
      return startRun({ run, ids, database, statements: statements() }, (filter) => {
        newest = run
        show(run, filter)
      })
    },
    find(hash) {
      const found: number[] = []
      for (const [place, group] of groups) {
        // Bit by bit, from the lowest.
        for (let runs = group.maybe(hash); runs !== 0; runs &= runs - 1) {
          const bit = 31 - Math.clz32(runs & -runs)
          found.push(...reader().findIn(place * RUNS_PER_GROUP + bit, hash))
        }
      }
      return found
    },
    dropOldest(endedBy) {
      const oldest = statements().oldest.get({ endedBy })
      if (oldest === undefined) return { ids: undefined }
      const { run } = oldest
      const ids = database.write(() => {
        const slices = statements().dropSlices.all(rangeOf(run))
        statements().dropRun.run({ run })
        return slices.reduce((sum, { bytes }) => sum + bytes / BYTES_PER_ID, 0)
      })
      hide(run)
      return { ids }
    },
  }
}

interface RunToBe {
  readonly run: number
  readonly ids: Ids
  readonly database: InletDatabase
  readonly statements: ReturnType<typeof prepareStatements>
}

function startRun(
  { run, ids, database, statements }: RunToBe,
  onWhole: (filter: Uint32Array) => void,
): RunInWork {
  const seqLast = ids.seqs.at(-1)
  assert(seqLast !== undefined, 'a run has ids')
  const filter = emptyFilter()
  const slicesPerStep = Math.max(1, (SLICES_PER_RUN * STEP_IDS) / ids.hashes.length)
  let written = 0
  return {
    step() {
      const end = Math.min(SLICES_PER_RUN, written + slicesPerStep)
      database.write(() => {
        for (let slice = written; slice < end; slice += 1) {
          const pairs = cut(ids, slice)
          addToFilter(filter, pairs.subarray(0, pairs.length / 2))
          const id = run * SLICES_PER_RUN + slice
          statements.addSlice.run({ id, ids: new Uint8Array(pairs.buffer) })
        }
        if (end < SLICES_PER_RUN) return
        const endsAt = database.lifetime.nowMs()
        const bytes = new Uint8Array(filter.buffer)
        statements.addRun.run({ run, seqLast, endsAt, filter: bytes })
      })
      written = end
      if (written < SLICES_PER_RUN) return false
      onWhole(filter)
      return true
    },
  }
}

/** The runs as another connection sees them, without their filters: each one is looked into. */
export interface RunReader {
  /** Those that there are, and the last inbox seq that is in one. */
  list(): { readonly numbers: readonly number[]; readonly seqLast: number }
  /** The seqs of this hash in one of them. */
  readonly findIn: (run: number, hash: number) => readonly number[]
}

export function openRunReader({ orm }: Reader): RunReader {
  const runs = orm
    .select({ run: dedupRuns.run, seqLast: dedupRuns.seqLast })
    .from(dedupRuns)
    .orderBy(asc(dedupRuns.run))
    .prepare()
  const slice = orm
    .select({ ids: dedupSlices.ids })
    .from(dedupSlices)
    .where(eq(dedupSlices.id, sql.placeholder('id')))
    .prepare()
  return {
    list() {
      const rows = runs.all()
      return { numbers: rows.map(({ run }) => run), seqLast: rows.at(-1)?.seqLast ?? 0 }
    },
    findIn(run, hash) {
      const found: number[] = []
      const row = slice.get({ id: run * SLICES_PER_RUN + sliceOf(hash) })
      if (row === undefined) return found
      const { hashes, seqs } = decode(row.ids)
      for (let at = hashes.indexOf(hash); at !== -1; at = hashes.indexOf(hash, at + 1)) {
        found.push(seqs[at] ?? 0)
      }
      return found
    },
  }
}

function sliceOf(hash: number): number {
  return Math.floor(hash / HASHES_PER_SLICE)
}

function rangeOf(run: number): { readonly first: number; readonly last: number } {
  const first = run * SLICES_PER_RUN
  return { first, last: first + SLICES_PER_RUN - 1 }
}

const BYTES_PER_ID = 2 * Float64Array.BYTES_PER_ELEMENT

/** One slice of a run: its hashes, then their seqs. */
function cut({ hashes, seqs }: Ids, slice: number): Float64Array {
  const places: number[] = []
  const first = slice * HASHES_PER_SLICE
  const end = first + HASHES_PER_SLICE
  for (let at = 0; at < hashes.length; at += 1) {
    const hash = hashes[at] ?? 0
    if (hash >= first && hash < end) places.push(at)
  }
  const pairs = new Float64Array(2 * places.length)
  for (const [index, at] of places.entries()) {
    pairs[index] = hashes[at] ?? 0
    pairs[places.length + index] = seqs[at] ?? 0
  }
  return pairs
}

function decode(bytes: Uint8Array): Ids {
  // A copy, because floats have to be aligned.
  const floats = new Float64Array(bytes.slice().buffer)
  const length = floats.length / 2
  return { hashes: floats.subarray(0, length), seqs: floats.subarray(length) }
}

function prepareStatements({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const inRange = between(dedupSlices.id, slot('first'), slot('last'))
  return {
    // In the place of what is left of a run that was not whole when its process ended.
    addSlice: orm
      .insert(dedupSlices)
      .values(slots(getTableColumns(dedupSlices)))
      .onConflictDoUpdate({ target: dedupSlices.id, set: { ids: sql`excluded.ids` } })
      .prepare(),
    addRun: orm
      .insert(dedupRuns)
      .values(slots(getTableColumns(dedupRuns)))
      .prepare(),
    // The newest stays: it says how far the runs go.
    oldest: orm
      .select({ run: dedupRuns.run })
      .from(dedupRuns)
      .where(
        sql`${lte(dedupRuns.endsAt, slot('endedBy'))} and ${lt(
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
