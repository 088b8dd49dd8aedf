import { randomFraction } from './ids.ts'

/**
 * An exponential backoff: `baseMs` doubled for each attempt, capped, with full jitter
 * in its upper half.
 */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * How long to wait before the next try after `attempt` failed (1-based).
 * Between half and all of the exponential delay, so that many waiters spread out but none hammers.
 */
export function backoffMs(backoff: Backoff, attempt: number, random = randomFraction): number {
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(ceiling / 2 + (ceiling / 2) * random())
}
