/** Samples of one source: enough for a median that a few late deliveries do not move. */
const SAMPLES = 64

/** Fewer than these say nothing: a provider that tries again may sign the first try's time. */
const SAMPLES_MIN = 16

/** By how much our clock is ahead of the times that a provider signs. */
export class Skew {
  readonly #samplesMs = new Float64Array(SAMPLES)
  #taken = 0

  add(aheadMs: number): void {
    this.#samplesMs[this.#taken % SAMPLES] = aheadMs
    this.#taken += 1
  }

  /** The median of the last deliveries, in ms; null where there are too few. */
  medianMs(): number | null {
    if (this.#taken < SAMPLES_MIN) return null
    const known = this.#samplesMs.slice(0, Math.min(this.#taken, SAMPLES)).toSorted()
    return known[Math.floor(known.length / 2)] ?? null
  }
}
