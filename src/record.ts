import type { ExactRecord } from './exact-record.ts'
import type { TraceContext } from './trace-context.ts'

/** A value that JSON can carry. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined }

/** What a handler returns: a record to publish. */
export interface RecordDraft {
  /** The Kafka topic. */
  readonly topic: string
  /** Its `ce_type`. Default: the type of the event. */
  readonly type?: string | undefined
  /**
   * Records with the same key keep their order. Default: the provider's partition key,
   * else the event id.
   */
  readonly key?: string | number | undefined
  /**
   * Default: the received bytes, unchanged. Bytes are published as they are, anything else as JSON.
   */
  readonly value?: Json | Uint8Array | undefined
  /** Further headers; the CloudEvents ones are set by Inlet. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A record as the outbox stores it. */
export interface OutboxRecord {
  readonly topic: string
  readonly key: string
  /** The handler's own headers as one JSON object of strings; null where it set none. */
  readonly headers: string | null
  /** Null: the bytes of the event, unchanged. */
  readonly value: Uint8Array | null
}

/**
 * A record as it goes out. The header names and their meaning are those of the CloudEvents
 * Kafka binding, binary mode.
 */
export interface PublishRecord {
  readonly topic: string
  readonly key: string
  readonly value: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** What is not text of a record that was in Kafka before: for Kafka's own protocol. */
  readonly exact?: ExactRecord
  /** The trace of its event, which its `traceparent` need not name; absent where there is none. */
  readonly trace?: TraceContext | undefined
}

/** Where the records of one send landed that share a topic and partition. */
export interface Landed {
  readonly topic: string
  readonly partition: number
  /** How many its topic had then: with the key, it says which records are in this one. */
  readonly partitions?: number | undefined
  /** The offset of the first of them; the others follow without gaps. */
  readonly baseOffset: string
  /** Their positions in the list that was sent, in the order of their offsets. */
  readonly positions: readonly number[]
}

/** The header of what a replay or a republish sent: its value is the id of that rerun. */
export const REPLAY_HEADER = 'inlet-replay'

/** A record's own headers with one of Inlet's beside them. */
export function withHeader(headers: string | null, name: string, value: string): string {
  const own = headers === null ? {} : (JSON.parse(headers) as object)
  return JSON.stringify({ ...own, [name]: value })
}
