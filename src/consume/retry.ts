import { backoffMs } from '../backoff.ts'
import type { RetryPolicy } from '../consumer.ts'
import { GatewayError, messageOf, RetryableError, type FaultCode } from '../faults/faults.ts'
import { FinalError } from '../final-error.ts'

/**
 * What an error says about a later try. `retryable`: the handler knows that it can succeed, and is
 * given time. `unknown`: whatever else is thrown; consumers call other systems, so it may pass, but
 * it may as well be a bug. `final`: no later try can succeed.
 */
export type ErrorClass = 'retryable' | 'unknown' | 'final'

function errorClassOf(error: unknown): ErrorClass {
  if (error instanceof RetryableError) return 'retryable'
  if (error instanceof FinalError) return 'final'
  // Ours: a result that is no record stays none. A time-out may pass, and so may fullness.
  if (error instanceof GatewayError) return error.retryable ? 'unknown' : 'final'
  return 'unknown'
}

export interface Failure {
  readonly code: FaultCode
  readonly detail: string
  readonly errorClass: ErrorClass
}

/** What user code has thrown. Never throws: a proxy may refuse even to be asked what it is. */
export function failureOf(error: unknown): Failure {
  try {
    const errorClass = errorClassOf(error)
    if (error instanceof GatewayError) return { code: error.code, detail: error.detail, errorClass }
    return { code: 'HANDLER_FAILED', detail: messageOf(error), errorClass }
  } catch {
    return { code: 'HANDLER_FAILED', detail: messageOf(error), errorClass: 'unknown' }
  }
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
