/**
 * What is done again: `replay` runs stored events through the handlers of today, `republish` sends
 * the records that they have, `redrive` gives Kafka what it refused once more, and `reconsume` has
 * a consumer handle what is in its topics.
 */
import type { EpochMs } from './clock.ts'
import type { OffsetRange } from './consumer.ts'
import type { KeptChanges } from './consumer-state.ts'
import type { SeekTarget } from './consumer-status.ts'
import type { EventState } from './event.ts'
import type { ExceptionStatus } from './outbox.ts'
import type { OutboxRecord } from './record.ts'

export const RERUN_KINDS = ['replay', 'republish', 'redrive', 'reconsume'] as const
export type RerunKind = (typeof RERUN_KINDS)[number]

/** `stopped` by a person, who can resume it; `failed` by itself, and can be resumed as well. */
export const RERUN_STATES = ['running', 'stopped', 'done', 'failed'] as const
export type RerunState = (typeof RERUN_STATES)[number]

/** What a redrive takes up: `retry` entries are tried again by themselves. */
export const REDRIVEN_STATUSES = ['blocked', 'dead'] as const satisfies readonly ExceptionStatus[]

/** Which events a rerun is about: those that match everything that is given. */
export interface RerunQuery {
  /** Just these: nothing else of an event is asked for then. */
  readonly seqs?: readonly number[] | undefined
  readonly source?: string | undefined
  readonly type?: string | undefined
  readonly state?: EventState | undefined
  /** Has a record that is set aside like this. */
  readonly records?: ExceptionStatus | undefined
  /** Occurs in the body. */
  readonly text?: string | undefined
  readonly id?: string | undefined
  readonly key?: string | undefined
  /** Received at this time or later, and before the other. */
  readonly since?: EpochMs | undefined
  readonly until?: EpochMs | undefined
  /** Of a redrive and of a reconsume. */
  readonly topic?: string | undefined
  /** Of a redrive alone: which entries. */
  readonly status?: (typeof REDRIVEN_STATUSES)[number] | undefined
  /** Of a reconsume alone: whose records, in which partition, from where on, and up to where. */
  readonly consumer?: string | undefined
  readonly partition?: number | undefined
  readonly from?: SeekTarget | undefined
  readonly to?: SeekTarget | undefined
  /** What that came to when it was asked for. */
  readonly ranges?: readonly OffsetRange[] | undefined
}

/** A rerun as it stands on disk. */
export interface Rerun {
  readonly seq: number
  /** Names it in `inlet-replay`, the header of all that it publishes. */
  readonly id: string
  readonly kind: RerunKind
  readonly state: RerunState
  readonly query: RerunQuery
  readonly by: string
  readonly createdAt: EpochMs
  readonly finishedAt: EpochMs | null
  /**
   * Everything up to here is done: seqs of the inbox, for a redrive of the outbox; of a reconsume
   * how many offsets.
   */
  readonly cursor: number
  /** The last that it is about: what came after it was asked for is not. */
  readonly bound: number
  readonly perSecond: number
  /**
   * Events that it was to be about, of a redrive entries, of a reconsume offsets; null: counting
   * them took too long.
   */
  readonly total: number | null
  readonly done: number
  /** Those of them whose handler failed, or whose data no longer fits. */
  readonly failed: number
  /** Records that it has put into the outbox, or back on their way. */
  readonly records: number
  /** Processes that have begun to work on it since its last step. */
  readonly starts: number
  /** Why it ended as it did, in one line; null where there is nothing to say. */
  readonly reason: string | null
}

/** What somebody asks for. */
export type NewRerun = Pick<Rerun, 'id' | 'kind' | 'query' | 'by' | 'perSecond' | 'total'>

/** A change of its state. Does nothing where it is in none of the states of `from`. */
export interface RerunChange {
  readonly id: string
  readonly from: readonly RerunState[]
  readonly to: RerunState
  readonly reason: string | null
  readonly at: EpochMs
}

/** How one event was handled again. */
export interface ReplayResult {
  readonly seq: number
  readonly state: EventState
  readonly reason: string | null
  readonly records: readonly OutboxRecord[]
  /** What it changes of what its consumer keeps; absent: its handler keeps nothing. */
  readonly kept?: KeptChanges
}

/** What one transaction does of a rerun, and how far its cursor moves with it. */
export interface RerunStep {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly work:
    | { readonly kind: 'replay'; readonly results: readonly ReplayResult[] }
    /** The seqs of the events. */
    | { readonly kind: 'republish'; readonly seqs: readonly number[] }
    /** The seqs of the entries. With blocked keys, what waits behind one of them goes with it. */
    | {
        readonly kind: 'redrive'
        readonly seqs: readonly number[]
        readonly at: EpochMs
        readonly hasBlockedKeys: boolean
      }
    /** Its consumer has stored the rest. */
    | { readonly kind: 'reconsume'; readonly counts: RerunCounts }
}

/** What came of a step. */
export type RerunCounts = Pick<Rerun, 'done' | 'failed' | 'records'>

/** What a rerun would do, without doing it. */
export interface RerunPlan {
  /** Events, of a redrive entries. */
  readonly events: number
  readonly records: number
  readonly topics: readonly { readonly topic: string; readonly records: number }[]
  /** False where looking took too long: then there are more. */
  readonly isComplete: boolean
}
