/** Consumers: the types behind `defineConsumer`, and what passes between Kafka and the disk. */
import type { z } from 'zod'
import type { EpochMs } from './clock.ts'
import type { KeyedState, StateChange } from './consumer-state.ts'
import type { NewEvent } from './event.ts'
import type { HeaderList } from './exact-record.ts'
import type { HandlerResult, PassThrough } from './route.ts'
import type { DeclaredTopic, TopicRoutes } from './topic.ts'
import type { Duration, TimeSpan, Windowing, WindowShape } from './window.ts'

/** What a consumer's handler is given: one record of a topic. */
export interface ConsumedEvent<Data, State = unknown> {
  /** The name of the consumer. */
  readonly consumer: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** As text. Records with the same key come one after the other. Null where it has none. */
  readonly key: string | null
  /** The exact key, as of Java's LongSerializer. Do not change it. */
  readonly keyBytes: Uint8Array | null
  /** Its `ce_id`; of a record that is no CloudEvent `<topic>/<partition>/<offset>`. */
  readonly id: string
  /** Its `ce_source`; empty for a record that is no CloudEvent. */
  readonly source: string
  /** Its `ce_type`; `unknown` for a record that is no CloudEvent. */
  readonly type: string
  /** When it was written to the topic, by Kafka's clock or its producer's, in ms since 1970. */
  readonly writtenAt: EpochMs
  /** What the record says, as the route's schema returned it. */
  readonly data: Data
  /** The exact value of the record. Do not change it. */
  readonly body: Uint8Array
  /** The headers of the record, as text; of several of a name the first. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * The attributes of a CloudEvent in whichever mode: `time`, `subject`, extensions, … Empty for a
   * record that is none.
   */
  readonly attributes: Readonly<Record<string, string>>
  /** What is kept for its key: for consumers that define `state`. */
  readonly state: KeyedState<State>
  /** Which try this is, 1 for the first. */
  readonly attempt: number
  /** Aborts when the time of this try is up, and when the consumer has to stop. */
  readonly signal: AbortSignal
}

/**
 * Handles one record; I/O is welcome here. What it returns is published in the same transaction in
 * which the record counts as processed: both, or neither.
 */
export type RecordHandler<Data, State = unknown> = (
  event: ConsumedEvent<Data, State>,
) => HandlerResult | undefined | Promise<HandlerResult | undefined>

/** A schema with the handler for what it lets through. Made by `onRecord`. */
export interface RecordRoute<State = unknown> {
  readonly kind: 'record'
  readonly schema: z.ZodType
  readonly handle: RecordHandler<unknown, State>
}

/** The state of a window with one more event; undefined: it is the first one there. */
export type Aggregator<Data, State> = (
  state: State | undefined,
  event: Omit<ConsumedEvent<Data>, 'state'>,
) => State

/** A schema with what adds to a window what it lets through. Made by `aggregate`. */
export interface AggregateRoute<State = unknown> {
  readonly kind: 'aggregate'
  readonly schema: z.ZodType
  readonly handle: Aggregator<unknown, State>
  readonly eventTime: ((event: ConsumedEvent<unknown>) => EpochMs) | undefined
}

/** What to do with records of one type: handle them, or publish their bytes unchanged. */
export type ConsumerRoute<State = unknown> =
  | RecordRoute<State>
  | AggregateRoute<State>
  | Omit<PassThrough, 'key'>

/** A window of a key, and what its events have come to. */
export interface WindowResult<State = unknown> extends TimeSpan {
  readonly consumer: string
  readonly key: string
  readonly state: State
  /** For `onUpdate`: `onClose` was called for this window before, and this corrects it. */
  readonly isClosed: boolean
}

/** The windows of a consumer: how events are grouped by key and time, and what is published. */
export interface WindowDefinition<State = unknown> {
  /** `tumbling('5m')`, `hopping('5m', '1m')` or `session('30m')`. */
  readonly over: WindowShape
  /**
   * How far events of a partition may overtake one another. A window closes when an event is this
   * much later than its end. Default: `30s`.
   */
  readonly outOfOrderness?: Duration
  /** How long after that a window takes corrections: each is given to `onUpdate`. Default: none. */
  readonly allowedLateness?: Duration
  /**
   * After this silence of a partition its windows close by the clock. Default, and least: `1m`.
   */
  readonly idleTimeout?: Duration
  /** Makes one state of those of two sessions that an event has joined: sessions need it. */
  readonly merge?: (earlier: State, later: State) => State
  /** What to publish of a window when it closes: once for each, in effect. */
  readonly onClose?: (window: WindowResult<State>) => HandlerResult | undefined
  /** What to publish at each event of a window. */
  readonly onUpdate?: (window: WindowResult<State>) => HandlerResult | undefined
  /** What to publish of an event whose windows are all over. Default: nothing. */
  readonly onLate?: (event: ConsumedEvent<unknown>) => HandlerResult | undefined
}

/** The windows of a consumer that is served. */
export interface ConsumerWindow extends Windowing {
  readonly idleTimeoutMs: number
  readonly onClose: WindowDefinition['onClose']
  readonly onUpdate: WindowDefinition['onUpdate']
  readonly onLate: WindowDefinition['onLate']
}

/** How often a record is tried whose handler throws, and how long after. */
export interface RetryPolicy {
  /** Tries in all, the first included. Default: 5. */
  readonly triesMax?: number
  /** Tries in all where the handler throws a RetryableError. Default: 20. */
  readonly retryableTriesMax?: number
  /** The pause before the second try, doubled for each further one. Default: 500. */
  readonly baseMs?: number
  /** The longest pause. Default: 60,000. */
  readonly maxMs?: number
}

/** A consumer, as its handler file defines it. */
export interface ConsumerDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'consumer'
  readonly name: string
  /**
   * Names, patterns that are compared with the topics there are when it starts, and declared topics
   * with routes of their own.
   */
  readonly topics: readonly (string | RegExp | TopicRoutes<z.output<Schema>>)[]
  /** The group it commits its offsets as. Default: `inlet.<name>`. */
  readonly group?: string
  /** Where it begins in a partition that its group has never read. Default: `earliest`. */
  readonly from?: 'earliest' | 'latest'
  /** What is kept for each key, or for each key and window: plain JSON, without transforms. */
  readonly state?: Schema
  /** Groups events by key and time: then every route is made by `aggregate`. */
  readonly window?: WindowDefinition<z.output<Schema>>
  /**
   * Of every topic without routes of its own, by type: the exact one first, then the longest prefix
   * that ends in `.*`, then `*`.
   */
  readonly events?: Readonly<Record<string, ConsumerRoute<z.output<Schema>>>>
  /** The topics that its handlers publish to, for the AsyncAPI document. */
  readonly publishes?: readonly DeclaredTopic[]
  /** Records of different keys that are handled at the same time. Default: 16. */
  readonly concurrency?: number
  /** How long one try may take, in ms. Default: 30,000. */
  readonly timeoutMs?: number
  /** Not with a window: an event that an aggregate refuses is a dead letter at once. */
  readonly retry?: RetryPolicy
  /** Records in memory, in bytes; a fetch under way comes on top. Default: 32 MiB. */
  readonly memoryBytesMax?: number
  /** Keys with state, or windows, that are kept on disk. Default: 1,000,000. */
  readonly stateEntriesMax?: number
  /** Where the records go that were given up. Default: `<topic>.dead` of each topic. */
  readonly deadLetterTopic?: string
}

/** A consumer that is served: its definition with every default filled in. */
export interface Consumer {
  readonly name: string
  /** The handler file. */
  readonly file: string
  readonly topics: readonly (string | RegExp)[]
  readonly group: string
  readonly from: 'earliest' | 'latest'
  readonly concurrency: number
  readonly timeoutMs: number
  readonly retry: Required<RetryPolicy>
  readonly memoryBytesMax: number
  readonly stateEntriesMax: number
  readonly deadLetterTopic: string | undefined
  readonly state: z.ZodType | undefined
  readonly window: ConsumerWindow | undefined
  /** Under what its state is kept: one that begins anew in another group begins without. */
  readonly owner: string
  /** See `consumerSource`. */
  readonly source: string
  /** Finds the route of a type in a topic; undefined: such records are passed over. */
  readonly route: (type: string, topic: string) => ConsumerRoute | undefined
  /** The rerun that it handles records again for, which marks what comes of them. */
  readonly rerun?: string
}

/** A partition of a topic. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

/** Which of the partitions are one node's: of every `of` the one at `index`, 1 for the first. */
export interface PartitionShare {
  readonly index: number
  readonly of: number
}

/** A record as it was fetched. */
export interface FetchedRecord extends Place {
  readonly offset: number
  readonly key: Uint8Array | null
  /** Null: a tombstone. */
  readonly value: Uint8Array | null
  /** The first of each name, as text. */
  readonly headers: Readonly<Record<string, string>>
  /** All of them, as they are; undefined: `headers` says it all. */
  readonly headerList?: HeaderList | undefined
  readonly writtenAt: EpochMs
  /** Where its value is a part of a larger response: it is kept, and has to be its own. */
  keep?(): void
}

/** Offsets of a partition: from `from` on, up to but not including `to`. */
export interface OffsetRange extends Place {
  readonly from: number
  readonly to: number
}

/** Every record of the partition below this offset is processed. */
export interface ConsumerPosition extends Place {
  readonly offset: number
}

/**
 * What a look for an identity leaves that no processed record has: where nothing has been stored
 * since, the transaction needs no other one.
 */
export interface NotFound {
  /** Of the identity, as the database has it. */
  readonly hash: number
  /** How often ids had been stored by then. */
  readonly storedBefore: number
}

/** How far this file is in a partition. */
export interface StoredPosition {
  readonly offset: number
  /** It comes from the file that this one is a copy of: the partition was not read since. */
  readonly isRestored: boolean
}

/** One record that is processed, or given up. */
export interface ProcessedRecord {
  /**
   * Its identity, what became of it, and the records that its handler has made; undefined where
   * nothing but state has changed, as for a window that is forgotten.
   */
  readonly event: NewEvent | undefined
  /**
   * Of a record whose handler publishes nothing: its identity, which is all that is stored of it.
   */
  readonly ignored?: string
  /** How that was looked for before its handler ran. */
  readonly notFound?: NotFound | undefined
  /** What it changes of what its consumer keeps. */
  readonly changes?: readonly StateChange[]
}

/** What one transaction changes for a consumer: all of it, or nothing. */
export interface ConsumeCommit {
  readonly group: string
  /** Whose state is changed: see `Consumer`. */
  readonly owner: string
  /** What its events are stored under. */
  readonly source: string
  readonly at: EpochMs
  readonly processed: readonly ProcessedRecord[]
  readonly positions: readonly ConsumerPosition[]
}

/** The group of a consumer that names none. */
export function defaultGroup(name: string): string {
  return `inlet.${name}`
}

/** The source under which a consumer's records are stored: no configured source has a colon. */
export function consumerSource(name: string): string {
  return `${CONSUMER_PREFIX}${name}`
}

/** The consumer whose record an event of this source was; undefined where it was none's. */
export function consumerOf(source: string): string | undefined {
  return source.startsWith(CONSUMER_PREFIX) ? source.slice(CONSUMER_PREFIX.length) : undefined
}

const CONSUMER_PREFIX = 'consumer:'
