/**
 * Counts values by size, in buckets whose bounds are fixed. An observation costs some ns and
 * allocates nothing.
 */
export class Histogram {
  /** The highest value of each bucket, rising; one more bucket takes what is above the last. */
  readonly bounds: readonly number[]
  /** Observations by bucket, one more than there are bounds. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const at = bucketOf(this.bounds, value)
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
  }
}

/** The bucket that takes a value: the first whose bound is not below it, or the one above all. */
export function bucketOf(bounds: readonly number[], value: number): number {
  let at = 0
  for (const bound of bounds) {
    if (value <= bound) break
    at += 1
  }
  return at
}

/** Durations of what a handler does, in ms. Few: there is one histogram for each source. */
export const HANDLER_MS_BOUNDS = [0.5, 2.5, 10, 50, 100, 250, 500, 1_000] as const

/** Durations in ms, from a sync on a fast disk to what a sender no longer waits for. */
export const MS_BOUNDS = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1_000, 2_500, 5_000,
  10_000,
] as const

/** Parts of one commit, up to COMMIT_DELIVERIES_MAX. */
export const BATCH_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024] as const

/**
 * The value below which this share of all observations lies, to within a bucket: its bound is
 * named. Null where there is none; what lies above the last bound is named by it.
 */
export function quantile(
  counts: ArrayLike<number>,
  bounds: readonly number[],
  share: number,
): number | null {
  let total = 0
  for (let at = 0; at < counts.length; at += 1) total += counts[at] ?? 0
  if (total === 0) return null
  let seen = 0
  for (const [at, bound] of bounds.entries()) {
    seen += counts[at] ?? 0
    if (seen >= total * share) return bound
  }
  return bounds.at(-1) ?? null
}
