import type { ConsumerPosition, Place } from '../consumer.ts'
import { Offsets } from './offsets.ts'
import { Silence } from './silence.ts'

/** A partition that this consumer reads, from one position on. */
export class Partition implements Place {
  readonly topic: string
  readonly partition: number
  readonly offsets: Offsets
  /** Its lane: see `laneOf`. That of an earlier assignment is another. */
  readonly lane: string
  /** Records that are fetched, and whose result is not on disk. */
  unfinished = 0
  /** Every record below it is on disk as processed: what Kafka is told. */
  synced: number
  /** What Kafka was last told. */
  told: number
  /** The offset that Kafka will give to the next record. */
  highWatermark: number
  /** Since its last record. */
  readonly silence = new Silence()
  /** Not fetched from, because too much of it is in memory. */
  isFull = false
  /** A task that closes its windows by the clock waits for its turn. */
  isToClose = false
  /** No longer ours: what a handler still makes of it counts no more. */
  isRevoked = false
  readonly #revoked = new AbortController()

  /** Aborts when it is no longer ours, and when the consumer stops. */
  readonly signal: AbortSignal

  constructor(
    { topic, partition, offset }: ConsumerPosition,
    { assignment, stopping }: { readonly assignment: number; readonly stopping: AbortSignal },
  ) {
    this.topic = topic
    this.partition = partition
    this.offsets = new Offsets(offset)
    this.lane = `${assignment} ${placeKey({ topic, partition })}`
    this.synced = offset
    this.told = offset
    this.highWatermark = offset
    this.signal = AbortSignal.any([this.#revoked.signal, stopping])
  }

  revoke(): void {
    this.isRevoked = true
    this.#revoked.abort()
  }

  /** Records that are in Kafka and not processed. */
  get lag(): number {
    return Math.max(0, this.highWatermark - this.offsets.position())
  }
}

/** Names a partition in a map. */
export function placeKey({ topic, partition }: Place): string {
  return `${topic}/${partition}`
}
