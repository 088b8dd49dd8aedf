import { backoffMs } from '../backoff.ts'
import type { RetryPolicy } from '../consumer.ts'
import type { ErrorClass } from '../handler-failure.ts'

/** The pause after this try has failed, in ms; undefined where it was the last. */
export function pauseMs(
  errorClass: ErrorClass,
  attempt: number,
  { triesMax, retryableTriesMax, baseMs, maxMs }: Required<RetryPolicy>,
): number | undefined {
  // Consumers call other systems: what nobody knows may pass, too.
  const max = {
    retryable: retryableTriesMax,
    passing: triesMax,
    unknown: triesMax,
    final: 1,
  }[errorClass]
  return attempt >= max ? undefined : backoffMs({ baseMs, maxMs }, attempt)
}
