import type { IdRuns, RunInWork } from './id-runs.ts'
import { RecentIds } from './recent-ids.ts'

/**
 * So many are a run of their own where a gateway ends in order: the next start would read them one
 * by one, 3 µs each where its code has just begun to run. Of fewer, runs would become many.
 */
const LAST_RUN_IDS_MIN = 2_048

/** What is found of nearly every id: it costs no array. */
const NONE: readonly number[] = []

/** The ids of the newest events: in memory until they are in a run. */
export interface NewIds {
  /** How often ids were added: those of a transaction that was rolled back, too. */
  readonly additions: number
  /** As `RecentIds` does it, and so for `addAll`. */
  add(hash: number, seq: number): void
  addAll(hashes: Iterable<number>, seq: number): void
  /** The seqs of this hash among the newest of them. */
  find(hash: number): readonly number[]
  /** The same among those before: the ids of the run that is being written. */
  findMoving(hash: number): readonly number[]
  /** See `Dedup`, and so for `moveAll`. */
  keepUp(inboxSeq: number): void
  moveAll(inboxSeq: number): void
}

export function openNewIds(runs: Pick<IdRuns, 'begin'>, runIds: number): NewIds {
  let additions = 0
  let recent = new RecentIds(runIds)
  /** The ids of the run that is being written, which only then knows them. */
  let moving: { readonly ids: RecentIds; readonly run: RunInWork } | undefined

  function keepUp(inboxSeq: number): void {
    if (moving?.run.step() === true) moving = undefined
    if (recent.length < runIds) return
    recent.keepUpTo(inboxSeq)
    // A single commit can bring thousands: then the last run has to be ended at once.
    while (recent.length >= runIds) move(recent.endAfter(runIds))
  }

  /** Begins a run of the first so many. */
  function move(end: number): void {
    endMove()
    moving = { ids: recent, run: runs.begin(recent.slice(0, end)) }
    recent = recent.after(end, runIds)
    if (moving.run.step()) moving = undefined
  }

  function endMove(): void {
    while (moving?.run.step() === false);
    moving = undefined
  }

  return {
    get additions() {
      return additions
    },
    add(hash, seq) {
      additions += 1
      recent.add(hash, seq)
    },
    addAll(hashes, seq) {
      additions += 1
      recent.addAll(hashes, seq)
    },
    find: (hash) => recent.find(hash),
    findMoving: (hash) => moving?.ids.find(hash) ?? NONE,
    keepUp,
    moveAll(inboxSeq) {
      keepUp(inboxSeq)
      // What was rolled back names no event: the seqs of a run are those of the inbox.
      recent.keepUpTo(inboxSeq)
      if (recent.length >= LAST_RUN_IDS_MIN) move(recent.length)
      endMove()
    },
  }
}
