import { backoffMs, type Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { failpoint } from '../failpoint.ts'
import { GatewayError } from '../faults/faults.ts'
import type { Log } from '../log.ts'

/** Between two tries to store a mark: the disk is full, or the storage is overloaded or away. */
const MARK_BACKOFF: Backoff = { baseMs: 100, maxMs: 5_000 }

/**
 * Has a mark stored, with as many tries as that takes: nothing is sent before, so a full disk
 * repeats one batch, not one batch a try. False where `signal` aborts first.
 *
 * @throws GatewayError LEASE_LOST, and what is not passing.
 */
export async function storeMark(
  store: () => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store()
      return true
    } catch (error) {
      const isPassing = error instanceof GatewayError && error.retryable
      if (!isPassing || error.code === 'LEASE_LOST') throw error
      failpoint('relay.mark-failed')
      const waitMs = backoffMs(MARK_BACKOFF, attempt)
      log.error('relay.mark_failed', { code: error.code, detail: error.detail, waitMs })
      await clock.sleep(waitMs, signal)
      if (signal.aborted) return false
    }
  }
}
