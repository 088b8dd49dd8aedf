/** What is known of a consumer that runs, and what it can be told. */
import type { EpochMs } from './clock.ts'
import type { Place } from './consumer.ts'

/** What a consumer has done since the process began. */
export interface ConsumerTally {
  /** Records whose handler has run to its end. */
  processed: number
  /** Records that were processed before: redelivered, or fetched again. */
  duplicates: number
  /** Records that no route takes. */
  passed: number
  /** Records that were given up. */
  dead: number
  /** When the last one was; null: none. */
  deadAt: EpochMs | null
  /** Offsets that Kafka deleted before they were fetched: at most so many records. */
  lost: number
  /** When that was last found; null: never. */
  lostAt: EpochMs | null
  /** Tries that began, and those that are tried again. */
  attempts: number
  retries: number
  /** Lives of the consumer that ended by themselves. */
  restarts: number
  /** When records were last fetched; null before the first. */
  fetchedAt: EpochMs | null
}

/** Of a consumer that has done nothing. */
export function newTally(): ConsumerTally {
  return {
    processed: 0,
    duplicates: 0,
    passed: 0,
    dead: 0,
    deadAt: null,
    lost: 0,
    lostAt: null,
    attempts: 0,
    retries: 0,
    restarts: 0,
    fetchedAt: null,
  }
}

export interface PartitionStatus extends Place {
  /** Every record below it is processed. */
  readonly position: number
  readonly highWatermark: number
  /** Records in Kafka that are not processed. */
  readonly lag: number
  /** Records in memory that are not processed. */
  readonly unfinished: number
}

/** What a person sees of a consumer. */
export interface ConsumerStatus {
  /** `starting` until it has partitions, and after each failure. */
  readonly state: 'starting' | 'running' | 'paused' | 'stopped'
  /** Why its last life ended; null while it runs. */
  readonly reason: string | null
  readonly tally: Readonly<ConsumerTally>
  readonly partitions: readonly PartitionStatus[]
}

/** Where to go on: an offset, the first or last record, or the first one written at a time. */
export type SeekTarget = number | 'earliest' | 'latest' | { readonly at: EpochMs }

/** Which of the partitions that it reads. Default: all. */
export type Places = Partial<Place>
