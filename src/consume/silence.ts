import { CONSUMER_SILENCE_STEP_MS } from '../limits/consumers.ts'

/**
 * How long nothing has come of a partition, by what Kafka has said: the time between fetches that
 * found nothing. Time in which nobody asked, or nobody answered, is no silence.
 */
export class Silence {
  #atMs: number | undefined
  #ms = 0

  get ms(): number {
    return this.#ms
  }

  /** A fetch was at the end of the partition. */
  sawEnd(nowMs: number): void {
    this.#ms += Math.min(nowMs - (this.#atMs ?? nowMs), CONSUMER_SILENCE_STEP_MS)
    this.#atMs = nowMs
  }

  /** Something came, or it is read from elsewhere. */
  end(): void {
    this.#atMs = undefined
    this.#ms = 0
  }
}
