import { z } from 'zod'
import type { EpochMs } from '../clock.ts'
import { RHYTHM_DELIVERIES_MIN, RHYTHM_MS_MIN } from '../limits/observing.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Days whose longest gap is remembered. A week and a day: at a weekend's end the last weekend is
 * still known.
 */
const DAYS = 8

/**
 * What is known of one, as it is kept for the next process: by day modulo their number, the gaps in
 * ms and the days since 1970.
 */
export const KnownRhythm = z.object({
  gapsMs: z.array(z.number()).length(DAYS),
  days: z.array(z.int()).length(DAYS),
  deliveries: z.int(),
  firstAt: z.int().nullable(),
})
export type KnownRhythm = z.infer<typeof KnownRhythm>

/**
 * How long a source is silent when all is well: its longest gap between two deliveries within the
 * last eight days. The longest, and not a quantile: nights and weekends are gaps of which there is
 * one for thousands of short ones, and an alarm each night would be switched off. Known once the
 * source was watched for a day and sent enough, because a shorter time has no night in it; a
 * weekend is learnt at the first one. What is known outlives the process; the time without one
 * is no gap, because nobody watched.
 */
export class Rhythm {
  /** The longest gap that ended on each day, and which day that is. */
  readonly #gapsMs = new Float64Array(DAYS)
  readonly #days = new Float64Array(DAYS)
  #deliveries = 0
  #firstAt: EpochMs | null = null
  #lastAt: EpochMs | null = null
  #watchedFrom: EpochMs | null = null

  /** The last delivery to this process; null before the first. */
  get lastAt(): EpochMs | null {
    return this.#lastAt
  }

  /** Since when nothing came while somebody watched; null where nothing is known. */
  get silentSince(): EpochMs | null {
    return this.#lastAt ?? this.#watchedFrom
  }

  /** What a later process goes on from. */
  known(): KnownRhythm {
    return {
      gapsMs: [...this.#gapsMs],
      days: [...this.#days],
      deliveries: this.#deliveries,
      firstAt: this.#firstAt,
    }
  }

  /** Goes on from what an earlier process knew, before anything has arrived. */
  resume({ gapsMs, days, deliveries, firstAt }: KnownRhythm, now: EpochMs): void {
    this.#gapsMs.set(gapsMs)
    this.#days.set(days)
    this.#deliveries = deliveries
    this.#firstAt = firstAt
    this.#watchedFrom = now
  }

  arrived(at: EpochMs): void {
    this.#firstAt ??= at
    const gapMs = at - (this.silentSince ?? at)
    const day = Math.floor(at / DAY_MS)
    const slot = day % DAYS
    if (this.#days[slot] !== day) {
      this.#days[slot] = day
      this.#gapsMs[slot] = 0
    }
    if (gapMs > (this.#gapsMs[slot] ?? 0)) this.#gapsMs[slot] = gapMs
    this.#deliveries += 1
    this.#lastAt = at
  }

  /** The usual longest gap, in ms; null where too little is known of the source. */
  usualGapMs(now: EpochMs): number | null {
    if (this.#firstAt === null || this.#deliveries < RHYTHM_DELIVERIES_MIN) return null
    if (now - this.#firstAt < RHYTHM_MS_MIN) return null
    const oldestDay = Math.floor(now / DAY_MS) - DAYS
    const known = this.#gapsMs.filter((_, slot) => (this.#days[slot] ?? 0) > oldestDay)
    return known.length === 0 ? null : Math.max(...known)
  }
}
