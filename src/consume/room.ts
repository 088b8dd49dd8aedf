import type { Clock } from '../clock.ts'
import {
  CONSUMER_AHEAD_MAX,
  CONSUMER_PARTITION_RECORDS_MAX,
  CONSUMER_ROOM_MS_MAX,
} from '../limits/consumers.ts'
import type { Partition } from './partition.ts'
import type { RecordFeed } from './ports.ts'

export interface RoomPorts {
  readonly clock: Clock
  readonly feed: Pick<RecordFeed, 'pause' | 'resume'>
  readonly partitions: () => Iterable<Partition>
  /** What of them may be in memory, in bytes. */
  readonly bytesMax: number
  /** Aborts when nothing more is taken. */
  readonly stopping: AbortSignal
}

/** What of a record is counted. */
interface Held {
  readonly partition: Partition
  readonly bytes: number
}

/** Bounds what of a consumer is in memory: where that is too much, it fetches no more. */
export class Room {
  readonly #ports: RoomPorts
  readonly #waiting: (() => void)[] = []
  #bytes = 0
  /** Partitions that are paused because too much of them is in memory. */
  #full = 0

  constructor(ports: RoomPorts) {
    this.#ports = ports
  }

  take({ partition, bytes }: Held): void {
    partition.unfinished += 1
    this.#bytes += bytes
  }

  /** These are finished: partitions that were full go on at half. */
  free(ended: readonly Held[]): void {
    for (const { partition, bytes } of ended) {
      partition.unfinished -= 1
      this.#bytes -= bytes
    }
    this.wake()
    if (this.#full === 0) return
    for (const partition of this.#ports.partitions()) {
      if (!partition.isFull || !this.has(partition, 0.5)) continue
      this.forget(partition)
      this.#ports.feed.resume(partition)
    }
  }

  /** It is no longer paused, or no longer ours. */
  forget(partition: Partition): void {
    if (partition.isFull) this.#full -= 1
    partition.isFull = false
  }

  has(partition: Partition, share = 1): boolean {
    return (
      this.#bytes <= this.#ports.bytesMax * share &&
      partition.unfinished <= CONSUMER_PARTITION_RECORDS_MAX * share &&
      partition.offsets.ahead <= CONSUMER_AHEAD_MAX
    )
  }

  /** Keeps the fetch waiting for a while, which costs nothing; then pauses the partition. */
  async waitFor(partition: Partition): Promise<void> {
    const { clock, feed, stopping } = this.#ports
    const patience = new AbortController()
    const timeUp = clock.sleep(CONSUMER_ROOM_MS_MAX, patience.signal).then(() => 'late' as const)
    while (!this.has(partition) && !partition.isRevoked && !stopping.aborted) {
      const woken = new Promise<'woken'>((resolve) => {
        this.#waiting.push(() => resolve('woken'))
      })
      if ((await Promise.race([woken, timeUp])) === 'woken') continue
      partition.isFull = true
      this.#full += 1
      feed.pause(partition)
      break
    }
    patience.abort()
  }

  /** Whoever waits looks again. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
