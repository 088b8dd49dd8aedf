import type { Clock } from '../clock.ts'
import type { FaultCode } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import type {
  EntryException,
  ExceptionStatus,
  OutboxEntry,
  PublishedRange,
  RelayMark,
} from '../outbox.ts'
import type { Landed, PublishRecord } from '../record.ts'

/** An entry off the straight path, with why it is there. */
export interface SetAside {
  readonly entry: OutboxEntry
  readonly exception: EntryException
}

/** Reads the outbox. Every answer shows all marks that have resolved. */
export interface OutboxReader {
  /** The high-water mark: every entry up to here is published, or has an exception. */
  progress(): number
  /**
   * Entries with `after` < seq <= `upTo` in seq order: at most `entriesMax`, and as many as fit
   * into `bytesMax` of values, but always one where there is one.
   */
  pending(range: {
    readonly after: number
    readonly upTo: number
    readonly entriesMax: number
    readonly bytesMax: number
  }): readonly OutboxEntry[]
  /** Entries of a topic with this status in seq order, bounded like `pending`. */
  exceptions(query: {
    readonly status: ExceptionStatus
    readonly topic: string
    readonly limit: number
    readonly bytesMax: number
  }): readonly SetAside[]
  /** Of each topic that has entries with status `retry` the earliest of them. */
  heads(): readonly EntryException[]
  /** Keys that have entries with status `blocked`. */
  blockedKeys(): readonly { readonly topic: string; readonly key: string }[]
}

/** Sends records to Kafka, one send at a time. */
export interface Publisher {
  /**
   * Resolves once every record is on its topic, acknowledged by all in-sync replicas. Records of
   * one topic and key land in the order of the list. A rejection says nothing about what landed,
   * except that the records of a topic and partition land together or not at all.
   *
   * An empty list only finds out whether Kafka answers.
   *
   * @throws GatewayError RECORD_REJECTED: Kafka refuses at least one of the records, or all of them
   * together; TOPIC_REJECTED: it refuses at least one of the topics; any other: it is waited
   * out.
   */
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
}

/** How deliveries fare that arrive: the relay leaves the core to them. */
export interface Intake {
  /** How long those in line will take, in ms. */
  readonly lineMs: number
  /** Whether some were refused just now because they would have had to wait for too long. */
  readonly isRefusing: boolean
}

/** What is committed and on disk, and the bell that rings when there is more. */
export interface SyncedSeq {
  /** The highest outbox seq that is on disk: the relay reads nothing above it. */
  current(): number
  /** How often the bell was rung: whenever somebody else has changed exceptions. */
  rings(): number
  /** As of the last sync. */
  intake(): Intake
  /**
   * Resolves once `current()` is above `after`, when the bell rings, after `ms`, or when `signal`
   * aborts.
   */
  next(wait: {
    readonly after: number
    readonly ms: number
    readonly signal: AbortSignal
  }): Promise<void>
}

/** How the relay is doing. Its lag in entries is `synced - position`. */
export interface RelayStatus {
  /**
   * `down` from a failure of the whole cluster until the next success; `starting` until the first
   * of either.
   */
  readonly state: 'starting' | 'up' | 'down'
  readonly position: number
  readonly synced: number
  /** The last failure of the whole cluster; null where there was none yet. */
  readonly fault: { readonly code: FaultCode; readonly detail: string } | null
  /** Sends to Kafka since this relay began, and those of them that failed as a whole. */
  readonly sends: number
  readonly failedSends: number
}

export interface RelayPorts {
  readonly outbox: OutboxReader
  readonly publisher: Publisher
  readonly synced: SyncedSeq
  readonly clock: Clock
  readonly log: Log
  /**
   * Hands a mark to the one writer. Resolves when it is durable; rejects when nothing of it is
   * stored.
   */
  mark(mark: RelayMark): Promise<void>
  report(status: RelayStatus): void
}

/**
 * What happens to a key once one of its records is refused: it goes on, or waits behind it for a
 * person.
 */
export type PoisonPolicy = 'continue' | 'block-key'

/** What became of a list of entries: each of them is in exactly one of the three. */
export interface Outcome {
  readonly published: readonly PublishedRange[]
  readonly settled: readonly number[]
  /** Refused by Kafka, or behind such an entry of its key. */
  readonly blocked: readonly Blocked[]
  /** Of topics that Kafka refuses. */
  readonly turnedAway: readonly TurnedAway[]
}

export interface Blocked {
  readonly entry: OutboxEntry
  readonly reason: string
  /** False where it was not sent because an earlier entry of its key is blocked. */
  readonly tried: boolean
}

export interface TurnedAway {
  readonly entry: OutboxEntry
  readonly reason: string
}
