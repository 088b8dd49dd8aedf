import type { Clock } from './clock.ts'
import { BATCH_BOUNDS, Histogram, MS_BOUNDS } from './histogram.ts'

/** How large group commits are, and how long the disk takes to make one durable. */
export class CommitMeter {
  readonly items = new Histogram(BATCH_BOUNDS)
  readonly syncMs = new Histogram(MS_BOUNDS)
  readonly #clock: Clock
  /** One sync runs at a time. */
  #startedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  syncStarted(): void {
    this.#startedMs = this.#clock.monotonicMs()
  }

  syncEnded(): void {
    this.syncMs.observe(this.#clock.monotonicMs() - this.#startedMs)
  }
}
