import type { Consumer, FetchedRecord, NotFound } from '../consumer.ts'
import { CONSUMER_RECORD_OVERHEAD_BYTES } from '../limits/consumers.ts'
import { decode } from './decode.ts'
import type { Pending } from './offsets.ts'
import type { Partition } from './partition.ts'
import { identityOf, type Known } from './processed.ts'

/** A record that was fetched, from here to the commit of what came of it. */
export interface Work {
  readonly partition: Partition
  readonly entry: Pending
  readonly record: FetchedRecord
  readonly bytes: number
  /** The consumer as it was served when the record came. */
  readonly consumer: Consumer
  /** See `keyOf`. */
  readonly key: string | null
  attempts: number
  /** Its result is submitted, or it has none. */
  isEnded: boolean
  known: Known | undefined
  /** Since its identity was looked for. */
  notFound: NotFound | undefined
}

export function know({ record, consumer, key }: Work): Known {
  const decoded = decode(record)
  return { record, consumer, key, decoded, identity: identityOf(record, decoded, consumer) }
}

/** Whose it is and where it was, for the log. */
export function named({ consumer, record: { topic, partition, offset } }: Work) {
  return { consumer: consumer.name, topic, partition, offset }
}

/**
 * What waits for what. Of windows all of a partition: that is the order of event time. Of state all
 * of a key, from whatever topic. Records without a key promise no order.
 */
export function laneOf({
  consumer,
  partition,
  record,
  key,
}: Pick<Work, 'consumer' | 'partition' | 'record' | 'key'>): string {
  if (consumer.window !== undefined) return partition.lane
  if (key === null) return `${partition.lane} #${record.offset}`
  return consumer.state === undefined ? `${partition.lane} =${key}` : `=${key}`
}

/** Headers are in memory twice, as text and as bytes. */
export function bytesOf({ key, value, headers }: FetchedRecord): number {
  let bytes = CONSUMER_RECORD_OVERHEAD_BYTES + (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
  for (const name in headers) bytes += 2 * (name.length + (headers[name]?.length ?? 0))
  return bytes
}
