import type { Clock } from '../clock.ts'
import { BATCH_BOUNDS, Histogram, MS_BOUNDS } from './histogram.ts'

/** How large group commits are, and how long the disk takes to make one durable. */
export class CommitMeter {
  readonly items = new Histogram(BATCH_BOUNDS)
  readonly syncMs = new Histogram(MS_BOUNDS)
  readonly #clock: Clock
  /** One sync runs at a time; undefined between two. */
  #startedMs: number | undefined
  #lastMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  syncStarted(): void {
    this.#startedMs = this.#clock.monotonicMs()
  }

  syncEnded(): void {
    this.#lastMs = this.syncingMs()
    this.syncMs.observe(this.#lastMs)
    this.#startedMs = undefined
  }

  /** How long the last sync took; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs
  }

  /** How long the sync that runs has taken so far; 0 where none does. */
  syncingMs(): number {
    return this.#startedMs === undefined ? 0 : this.#clock.monotonicMs() - this.#startedMs
  }
}
