import type { Clock } from '../clock.ts'
import { CONSUMER_TURN_MS } from '../limits/consumers.ts'

/** Cuts work that waits for nothing into pieces: others get their turn on the same thread. */
export class TimeSlices {
  readonly #clock: Clock
  #endsAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#endsAtMs = clock.monotonicMs() + CONSUMER_TURN_MS
  }

  isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endsAtMs
  }

  /** Behind what is waiting already. A timer of 0 ms takes more than one: as long as the turn. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#endsAtMs = this.#clock.monotonicMs() + CONSUMER_TURN_MS
  }
}
