/** What consumers need of the others: Kafka, the database, and the one writer. */
import type { Clock } from '../clock.ts'
import type {
  ConsumeCommit,
  Consumer,
  ConsumerPosition,
  FetchedRecord,
  NotFound,
  OffsetRange,
  Place,
  StoredPosition,
} from '../consumer.ts'
import type { StoredState } from '../consumer-state.ts'
import type { SeekTarget } from '../consumer-status.ts'
import type { HandlerWatch } from '../handler-watch.ts'
import type { Log } from '../log.ts'

/** What Kafka has of a group for a partition. */
export interface CommittedOffset extends Place {
  /** Null where the group has never committed one. */
  readonly offset: number | null
  /** What was written beside it. */
  readonly metadata: string
}

/** Where a partition is read from. */
export interface StartPosition extends Place {
  readonly start: SeekTarget
}

/** Records of one partition, in the order of their offsets; none where only markers came. */
export interface FetchedBatch extends Place {
  readonly records: readonly FetchedRecord[]
  /** The offset that is fetched next: behind what is no record, too, as a transaction's end. */
  readonly next: number
  /** The offset that the next record of the partition will get, or a later one by now. */
  readonly highWatermark: number
}

/** A fetch that found nothing: another partition may have filled the answer. */
export interface EmptyFetch extends Place {
  /** The offset that was asked for. */
  readonly next: number
  /** See `FetchedBatch`. Where it is further on, a transaction may be open. */
  readonly highWatermark: number
}

/** Is told what happens to the membership of a consumer, in order. */
export interface FeedListener {
  /** These are ours from now on; answers where each one begins. */
  assigned(committed: readonly CommittedOffset[]): readonly StartPosition[]
  /** The partition begins at this offset, or goes on there: what it held before is gone. */
  positioned(position: ConsumerPosition): void
  /** These are somebody else's. */
  revoked(places: readonly Place[]): void
  /** Kafka has deleted these before they were fetched, and fetching goes on behind them. */
  lost(range: OffsetRange): void
  /** Resolves once there may be more. */
  received(batch: FetchedBatch): Promise<void>
  sawNothing(fetch: EmptyFetch): void
}

/** A membership of a consumer group, or of none: one life of it. */
export interface RecordFeed {
  /**
   * Joins and fetches until `signal` aborts.
   *
   * @throws GatewayError where it ends by itself, or has gone silent.
   */
  run(listener: FeedListener, signal: AbortSignal): Promise<void>
  /** Tells Kafka; false where it did not take it, as during a rebalance. */
  commit(positions: readonly ConsumerPosition[], metadata: string): Promise<boolean>
  pause(place: Place): void
  /** The end offset of each. Partitions that are fetched from report theirs with each batch. */
  ends(places: readonly Place[]): Promise<readonly ConsumerPosition[]>
  resume(place: Place): void
  /**
   * Goes on elsewhere in those of the partitions that are still ours, and resolves to where:
   * `positioned` was called for each of them.
   *
   * @throws GatewayError OFFSET_UNKNOWN where one of them has no such offset: then all stay.
   */
  seek(starts: readonly StartPosition[]): Promise<readonly ConsumerPosition[]>
}

export interface ConsumePorts {
  readonly clock: Clock
  readonly log: Log
  /** Names this file in what is committed to Kafka. */
  readonly epoch: string
  readonly openFeed: (consumer: Consumer) => Promise<RecordFeed>
  /** Resolves once it is on disk. */
  readonly commit: (commit: ConsumeCommit) => Promise<void>
  /** The position in this file; undefined where it has none. */
  readonly position: (group: string, place: Place) => StoredPosition | undefined
  readonly stored: StoredState
  /** Looks whether a record of this identity is processed: undefined where one is. */
  readonly lookFor: (source: string, identity: string) => NotFound | undefined
  /** See `AttemptPorts`. */
  readonly watchdog?: HandlerWatch | undefined
}
