/** What the work on reruns needs of the storage, the handlers and the relay. */
import type { Clock, EpochMs } from '../clock.ts'
import type { Log } from '../log.ts'
import type {
  NewRerun,
  ReplayResult,
  Rerun,
  RerunChange,
  RerunCounts,
  RerunKind,
  RerunStep,
} from '../rerun.ts'
import type { FindPorts } from './find.ts'

/** A consumer at work on ranges of its topics. */
export interface Reading {
  /** Resolves when all of it is on disk, or once `signal` has aborted. */
  run(signal: AbortSignal): Promise<void>
  progress(): {
    /** Offsets, whichever process has done them. */
    readonly done: number
    /** Since it was made. */
    readonly failed: number
    readonly records: number
    /** What the ranges have no record for, in words; null: nothing. */
    readonly missing: string | null
  }
}

/** Resolves to undefined where the rerun was stopped meanwhile: then nothing is stored. */
export type StoreReplayed = (results: readonly ReplayResult[]) => Promise<RerunCounts | undefined>

export interface RerunPorts extends FindPorts {
  readonly clock: Clock
  readonly log: Log
  readonly byId: (id: string) => Rerun | undefined
  readonly firstRunning: (kind: RerunKind) => Rerun | undefined
  readonly countRunning: () => number
  /** These four resolve once it is on disk. */
  readonly create: (rerun: NewRerun, now: EpochMs) => Promise<void>
  readonly change: (change: RerunChange) => Promise<boolean>
  readonly start: (id: string) => Promise<void>
  readonly step: (step: RerunStep) => Promise<RerunCounts | undefined>
  /**
   * Runs today's handlers over stored events that are still there, and has `store` store what came
   * of them while nothing else changes what that depends on.
   */
  readonly replay: (seqs: readonly number[], store: StoreReplayed) => ReturnType<StoreReplayed>
  /** Has a consumer handle its ranges once more; `paced` is called with what was stored of it. */
  readonly readAgain: (rerun: Rerun, paced: (stored: number) => Promise<void>) => Reading
  /** Whether a refused record blocks those of its key that follow. */
  readonly hasBlockedKeys: boolean
  /** Makes the relay look at what was freed. */
  readonly ring: () => void
  /** Outbox entries that are on disk and not published. */
  readonly lag: () => number
}

export interface WorkContext {
  readonly signal: AbortSignal
  /** Sleeps, but not beyond a change of some rerun's state. */
  readonly nap: Clock['sleep']
}

/** How a rerun ended by itself. */
export type Ended = Pick<RerunChange, 'to' | 'reason'>
