import { backoffMs } from '../backoff.ts'
import type { RetryPolicy } from '../consumer.ts'
import { GatewayError, RetryableError } from '../errors.ts'
import { FinalError } from '../final-error.ts'

/**
 * What an error says about a later try. `retryable`: the handler knows that it can succeed, and is
 * given time. `unknown`: whatever else is thrown; consumers call other systems, so it may pass, but
 * it may as well be a bug. `final`: no later try can succeed.
 */
export type ErrorClass = 'retryable' | 'unknown' | 'final'

export function errorClassOf(error: unknown): ErrorClass {
  if (error instanceof RetryableError) return 'retryable'
  if (error instanceof FinalError) return 'final'
  // Ours: a result that is no record stays none. A time-out may pass, and so may fullness.
  if (error instanceof GatewayError) return error.retryable ? 'unknown' : 'final'
  return 'unknown'
}

/** The pause after this try has failed, in ms; undefined where it was the last. */
export function pauseMs(
  errorClass: ErrorClass,
  attempt: number,
  { triesMax, retryableTriesMax, baseMs, maxMs }: Required<RetryPolicy>,
): number | undefined {
  const max = { retryable: retryableTriesMax, unknown: triesMax, final: 1 }[errorClass]
  return attempt >= max ? undefined : backoffMs({ baseMs, maxMs }, attempt)
}
