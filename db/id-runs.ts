import { asc, between, eq, getTableColumns, lt, lte, max, sql } from 'drizzle-orm'
import { assert } from '../src/assert.ts'
import { FilterGroup, filterOf, RUNS_PER_GROUP } from './id-filter.ts'
import type { InletDatabase, Reader } from './open.ts'
import type { Ids } from './recent-ids.ts'
import { dedupRuns, dedupSlices } from './schema.ts'
import { slots } from './slots.ts'

/** A look-up in a run reads one slice of it: 1,024 ids, 16 KiB, about 8 µs. A power of two. */
const SLICES_PER_RUN = 32

/** What a slice is chosen by: the highest of the 53 bits. */
const HASHES_PER_SLICE = 2 ** 53 / SLICES_PER_RUN

/**
 * The ids of older events in immutable runs, each one cut into slices by hash: rows that are only
 * ever appended, and dropped a run at a time.
 */
export interface IdRuns {
  /** The last inbox seq that was in a run when they were opened; 0 where there was none. */
  readonly seqLast: number
  /** Writes ids as a run, in a transaction of its own: 3 ms. */
  write(ids: Ids): void
  /** The seqs of this hash: those of one id, and any that collide. */
  find(hash: number): readonly number[]
  /** Drops the oldest run whose last id came in by then; `ids` is undefined where there is none. */
  dropOldest(endedBy: number): { readonly ids: number | undefined }
}

export function openIdRuns(database: InletDatabase): IdRuns {
  const statements = prepareStatements(database)
  const { findIn } = openRunReader(database)
  /** By their place in the order of runs: a new one begins every 32 runs. */
  const groups = new Map<number, FilterGroup>()
  const runs = statements.runs.all()
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
    write(ids) {
      const run = newest + 1
      const seqLast = ids.seqs.at(-1)
      assert(seqLast !== undefined, 'a run has ids')
      const filter = filterOf(ids.hashes)
      const bytes = new Uint8Array(filter.buffer)
      database.write(() => {
        for (const [slice, pairs] of cut(ids).entries()) {
          statements.addSlice.run({ id: run * SLICES_PER_RUN + slice, ids: pairs })
        }
        statements.addRun.run({ run, seqLast, endsAt: database.lifetime.nowMs(), filter: bytes })
      })
      newest = run
      show(run, filter)
    },
    find(hash) {
      const found: number[] = []
      for (const [place, group] of groups) {
        // Bit by bit, from the lowest.
        for (let runs = group.maybe(hash); runs !== 0; runs &= runs - 1) {
          const bit = 31 - Math.clz32(runs & -runs)
          found.push(...findIn(place * RUNS_PER_GROUP + bit, hash))
        }
      }
      return found
    },
    dropOldest(endedBy) {
      const oldest = statements.oldest.get({ endedBy })
      if (oldest === undefined) return { ids: undefined }
      const { run } = oldest
      const ids = database.write(() => {
        const slices = statements.dropSlices.all(rangeOf(run))
        statements.dropRun.run({ run })
        return slices.reduce((sum, { bytes }) => sum + bytes / BYTES_PER_ID, 0)
      })
      hide(run)
      return { ids }
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

/** The slices of a run: of each the hashes, then the seqs. */
function cut({ hashes, seqs }: Ids): readonly Uint8Array[] {
  const slices = Array.from({ length: SLICES_PER_RUN }, (): number[] => [])
  for (let at = 0; at < hashes.length; at += 1) slices[sliceOf(hashes[at] ?? 0)]?.push(at)
  return slices.map((places) => {
    const floats = new Float64Array(2 * places.length)
    for (const [index, at] of places.entries()) {
      floats[index] = hashes[at] ?? 0
      floats[places.length + index] = seqs[at] ?? 0
    }
    return new Uint8Array(floats.buffer)
  })
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
    runs: orm.select().from(dedupRuns).orderBy(asc(dedupRuns.run)).prepare(),
    addSlice: orm
      .insert(dedupSlices)
      .values(slots(getTableColumns(dedupSlices)))
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
