import type { EpochMs } from '../../src/clock.ts'
import type { Committed, NewEvent } from '../../src/event.ts'
import type { AnswerToKeep, IdempotentAnswer } from '../../src/idempotent-answer.ts'
import type { EntryException, ExceptionStatus, OutboxEntry, RelayMark } from '../../src/outbox.ts'
import type { OutboxLag, SetAsideEntry } from '../outbox.ts'

/**
 * The storage of Inlet where it does not have a file and a thread of its own: on D1, and in
 * node:sqlite on Deno. The same tables and the same contract as the core's writer, over nothing but
 * batches of statements. Any number of processes may share one database.
 */
export interface PortableStore {
  /**
   * Stores an event and its records, or recognises a duplicate. Resolves once that is durable.
   *
   * @throws GatewayError STORAGE_FULL, STORAGE_FAILED: nothing was acknowledged.
   */
  commit(event: NewEvent): Promise<Committed>
  /**
   * Stores several events, all or nothing, with the answer to their request. Resolves once that is
   * durable.
   *
   * @throws GatewayError As `commit`; IDEMPOTENCY_KEY_IN_USE where another process has answered a
   * request with this key meanwhile.
   */
  commitAll(events: readonly NewEvent[], answer?: AnswerToKeep): Promise<readonly Committed[]>
  /** The answer that was given under this key, if it is still kept. */
  findAnswer(caller: string, key: string): Promise<IdempotentAnswer | undefined>
  /** The random name of this database: with a seq it names an event or an entry for ever. */
  epoch(): Promise<string>

  /**
   * Takes or renews the lease, and reads what comes next with it: for a publisher. Undefined while
   * somebody else has it.
   */
  claimEntries(claim: Claim): Promise<ClaimedEntries | undefined>
  /** The same for whoever hands on whole events. */
  claimEvents(claim: Claim): Promise<ClaimedEvents | undefined>
  /** Keys that have entries with status `blocked`: for a publisher that holds them back. */
  blockedKeys(): Promise<readonly { readonly topic: string; readonly key: string }[]>
  /** Entries of a topic with this status in seq order, bounded like a claim. */
  exceptions(query: ExceptionsQuery): Promise<readonly SetAsideEntry[]>
  /**
   * Applies what a batch of entries changed, all or nothing.
   *
   * @throws GatewayError LEASE_LOST where somebody else has taken the lease since: nothing is
   * applied, and it publishes these entries again. As `commit`, also where the mark contradicts the
   * state.
   */
  mark(holder: string, mark: RelayMark): Promise<void>
  /** Events with `from` < seq <= `to` are handed on, and so are all of their records. As `mark`. */
  markEvents(holder: string, range: { readonly from: number; readonly to: number }): Promise<void>
  /** Gives the lease back, if it is still this holder's. */
  release(holder: string): Promise<void>

  /** What is not yet published or handed on. */
  lag(): Promise<Omit<OutboxLag, 'lastSeq'>>
  /**
   * Deletes one slice of what is older than the retention time, by the wall clock; `more`: the next
   * call will find work, too. What is not yet published or handed on stays, however old.
   */
  retainOnce(): Promise<{ readonly deleted: number; readonly more: boolean }>
}

/** A claim on what comes next. Only one holder at a time has it. */
export interface Claim {
  /** Whose it is: a token that is random for each invocation or relay. */
  readonly holder: string
  /** How long it is the holder's alone, counted again at each claim. */
  readonly leaseMs: number
  readonly limit: number
  /** As many as fit into these bytes of bodies and values, but always one where there is one. */
  readonly bytesMax: number
}

export interface ClaimedEntries {
  /** The high-water mark: every entry up to here is published, or has an exception. */
  readonly position: number
  /** The oldest above it, in seq order. */
  readonly entries: readonly OutboxEntry[]
  /** Of each topic that has entries with status `retry` the earliest of them. */
  readonly heads: readonly EntryException[]
}

export interface ClaimedEvents {
  /** Every event up to here is handed on. */
  readonly position: number
  /** The oldest above it, in seq order. */
  readonly events: readonly StoredEvent[]
}

/** An event as it was committed. Its body no longer shares the bytes of its request. */
export interface StoredEvent extends Omit<NewEvent, 'request'> {
  readonly seq: number
}

export interface ExceptionsQuery {
  readonly status: ExceptionStatus
  readonly topic: string
  readonly limit: number
  readonly bytesMax: number
}

/** What becomes of what is stored: records go to Kafka, or events go to a core node. */
export type HandsOn = 'entries' | 'events'

export interface PortableStoreOptions {
  readonly clock: { now(): EpochMs }
  readonly retentionMs: number
  readonly handsOn: HandsOn
}
