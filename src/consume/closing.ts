import type { Clock } from '../clock.ts'
import type { Consumer, ProcessedRecord } from '../consumer.ts'
import { CONSUMER_WINDOW_CLOSES_MAX } from '../limits/consumers.ts'
import type { HandlerWatch } from '../handler-watch.ts'
import { closeDue, idleWatermark, isDue, type Aggregation } from './aggregate.ts'
import type { Keeping } from './keeping.ts'
import type { TaskEnd } from './lanes.ts'
import type { Partition } from './partition.ts'

export interface ClosingPorts {
  readonly clock: Clock
  readonly keeping: Keeping
  /** See `AttemptPorts`. */
  readonly watchdog: HandlerWatch | undefined
  readonly submit: (partition: Partition, processed: ProcessedRecord) => void
  /** Resolves once everything that was submitted is on disk. */
  readonly flush: () => Promise<void>
}

/** Closes the windows of a consumer as the time of its partitions goes on. */
export class Closing {
  readonly #ports: ClosingPorts

  constructor(ports: ClosingPorts) {
    this.#ports = ports
  }

  /** Closes what events have made due; in the lane of the partition. */
  afterEvent(partition: Partition, consumer: Consumer): TaskEnd | Promise<TaskEnd> {
    const aggregation = this.#aggregation(consumer)
    if (aggregation === undefined || !isDue(aggregation, partition)) return 'done'
    return this.#close(partition, aggregation, aggregation.keeping.watermark(partition))
  }

  /** Whether windows are to be closed because nothing has come for so long. */
  isIdle(partition: Partition, consumer: Consumer): boolean {
    const aggregation = this.#aggregation(consumer)
    if (aggregation === undefined) return false
    const { clock } = this.#ports
    // Not because it is behind: what it has not fetched yet may belong into these windows.
    const hasAll = partition.unfinished === 0 && partition.lag === 0
    return (
      hasAll &&
      partition.silence.ms >= aggregation.window.idleTimeoutMs &&
      isDue(aggregation, partition, idleWatermark(aggregation, clock.now()))
    )
  }

  /** Closes what the clock has made due; in the lane of the partition. */
  afterSilence(partition: Partition, consumer: Consumer): TaskEnd | Promise<TaskEnd> {
    const aggregation = this.#aggregation(consumer)
    if (aggregation === undefined || !this.isIdle(partition, consumer)) return 'done'
    const byClock = idleWatermark(aggregation, this.#ports.clock.now())
    const watermark = Math.max(byClock, aggregation.keeping.watermark(partition))
    return this.#close(partition, aggregation, watermark)
  }

  #aggregation(consumer: Consumer): Aggregation | undefined {
    const { window } = consumer
    const { keeping, watchdog } = this.#ports
    return window && { consumer, window, keeping, watchdog }
  }

  #close(
    partition: Partition,
    aggregation: Aggregation,
    watermark: number,
  ): TaskEnd | Promise<TaskEnd> {
    const { clock, submit, flush } = this.#ports
    const closed = closeDue(aggregation, partition, { watermark, now: clock.now() })
    for (const each of closed) submit(partition, each)
    if (closed.length < CONSUMER_WINDOW_CLOSES_MAX) return 'done'
    // The rest waits until these are on disk, and stays due where the process ends.
    return flush().then(() =>
      partition.signal.aborted ? 'done' : this.#close(partition, aggregation, watermark),
    )
  }
}
