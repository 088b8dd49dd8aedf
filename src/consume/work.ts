import type { Consumer, FetchedRecord } from '../consumer.ts'
import { CONSUMER_RECORD_OVERHEAD_BYTES } from '../consumer-limits.ts'
import { keyOf } from './attempt.ts'
import { decode, type Decoded } from './decode.ts'
import type { Pending } from './offsets.ts'
import { placeKey, type Partition } from './partition.ts'
import { identityOf } from './processed.ts'

/** A record that was fetched, from here to the commit of what came of it. */
export interface Work {
  readonly partition: Partition
  readonly entry: Pending
  readonly record: FetchedRecord
  readonly bytes: number
  /** The consumer as it was served when the record came. */
  readonly consumer: Consumer
  attempts: number
  known: { readonly decoded: Decoded; readonly identity: string } | undefined
}

export function know({ record, consumer }: Work): { decoded: Decoded; identity: string } {
  const decoded = decode(record)
  return { decoded, identity: identityOf(record, decoded, consumer) }
}

/**
 * What waits for what. Of windows all of a partition: that is the order of event time. Of state all
 * of a key, from whatever topic. Records without a key promise no order.
 */
export function laneOf({
  consumer,
  partition,
  record,
}: Pick<Work, 'consumer' | 'partition' | 'record'>): string {
  const own = partitionLane(partition)
  if (consumer.window !== undefined) return own
  const key = keyOf(record)
  if (key === null) return `${own} #${record.offset}`
  return consumer.state === undefined ? `${own} =${key}` : `=${key}`
}

/** The lane of everything of a partition. */
export function partitionLane(partition: Partition): string {
  return `${partition.assignment} ${placeKey(partition)}`
}

export function bytesOf({ key, value, headers }: FetchedRecord): number {
  let bytes = CONSUMER_RECORD_OVERHEAD_BYTES + (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
  for (const [name, text] of Object.entries(headers)) bytes += name.length + text.length
  return bytes
}
