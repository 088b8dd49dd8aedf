/** Tries the handlers of failed events again, where they asked for it. */
import type { Clock, EpochMs } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import type { DueRetry, RetryFinish, RetryStart } from '../handler-retry.ts'
import {
  HANDLER_RETRIES_AT_ONCE,
  HANDLER_RETRY_IDLE_MS,
  HANDLER_RETRY_MS_MAX,
  HANDLER_RETRY_POLL_MS,
  HANDLER_TRIES_MAX,
} from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { openNap } from '../nap.ts'
import { withHeader } from '../record.ts'
import { retryAt, type Handled } from './handle.ts'
import { handleKept, type KeptPorts } from './kept.ts'

export interface RetryPorts extends KeptPorts {
  readonly log: Log
  readonly due: (query: {
    readonly now: EpochMs
    readonly waitMsMax: number
    readonly limit: number
  }) => readonly DueRetry[]
  /** Whether any event is still to be tried, now or later. */
  readonly anyWaits: () => boolean
  /** Has `listener` called whenever something was committed. */
  readonly onCommit: (listener: () => void) => void
  /** Both resolve once it is on disk. */
  readonly start: (starts: readonly RetryStart[]) => Promise<void>
  readonly finish: (finish: RetryFinish) => Promise<boolean>
}

/**
 * Looks for what is due until `signal` aborts. What has begun then is finished first. Where nothing
 * waits it does not look again before a commit: else it would be half of what an idle gateway does.
 */
export async function runRetries(ports: RetryPorts, signal: AbortSignal): Promise<void> {
  const nap = openNap(ports.clock)
  ports.onCommit(() => nap.wake())
  while (!signal.aborted) {
    let tried = 0
    let isAnyWaiting = true
    try {
      tried = await retryOnce(ports)
      isAnyWaiting = ports.anyWaits()
    } catch (error) {
      // A full disk, most likely: what is due stays due.
      ports.log.error('retries.failed', { reason: messageOf(error) })
    }
    if (tried === HANDLER_RETRIES_AT_ONCE) continue
    if (!isAnyWaiting) await nap.sleep(HANDLER_RETRY_IDLE_MS, signal)
    await ports.clock.sleep(HANDLER_RETRY_POLL_MS, signal)
  }
}

/**
 * Tries a group of what is due, side by side, and returns how many. Every try is counted on disk
 * before it begins: a handler that ends the process is not tried for ever.
 */
export async function retryOnce(ports: RetryPorts): Promise<number> {
  const now = ports.clock.now()
  const waitMsMax = HANDLER_RETRY_MS_MAX
  const due = ports.due({ now, waitMsMax, limit: HANDLER_RETRIES_AT_ONCE })
  if (due.length === 0) return 0
  const tried = due.filter((event) => whyOver(event) === undefined)
  await ports.start(tried.map((event) => toStart(event, ports.clock)))
  const ends = await Promise.allSettled(
    due.map((event) => {
      const over = whyOver(event)
      if (over !== undefined) return finish(event, failed(over), ports)
      return retry({ ...event, attempts: event.attempts + 1 }, ports)
    }),
  )
  // Only now: a try that is not waited for would run on beside its next one, or past the end.
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return due.length
}

/** Why there is no further try: its bytes are gone, or the process ended in its last one. */
function whyOver({ attempts, damage }: DueRetry): string | undefined {
  if (damage !== undefined) return `STORAGE_DAMAGED: ${damage}`
  return attempts >= HANDLER_TRIES_MAX ? 'HANDLER_FAILED: the last try has no end' : undefined
}

function toStart({ seq, attempts }: DueRetry, clock: Clock): RetryStart {
  const attempt = attempts + 1
  return { seq, attempt, nextAt: retryAt(attempt, clock) ?? clock.now() + HANDLER_RETRY_MS_MAX }
}

/** `attempts` counts this one. */
async function retry(event: DueRetry, ports: RetryPorts): Promise<void> {
  const startedMs = ports.clock.monotonicMs()
  const handled = await handleKept(event, { ...ports, attempt: event.attempts })
  await finish(event, handled, ports, Math.round(ports.clock.monotonicMs() - startedMs))
}

async function finish(
  event: DueRetry,
  handled: Handled,
  ports: RetryPorts,
  handleMs?: number,
): Promise<void> {
  const { seq, source, eventId, type, attempts: attempt } = event
  const { state, reason } = handled
  const nextAt = handled.retryAt ?? null
  // A late record is outside the order of its key: its readers can see that it is.
  const records = handled.records.map((record) => ({
    ...record,
    headers: withHeader(record.headers, 'inlet-attempt', String(attempt)),
  }))
  const counts = await ports.finish({ seq, attempt, state, reason, records, nextAt })
  ports.log[state === 'failed' ? 'warn' : 'info']('retry.finished', {
    seq,
    source,
    eventId,
    type,
    attempt,
    state,
    reason: reason ?? undefined,
    nextAt: nextAt === null ? undefined : new Date(nextAt).toISOString(),
    handleMs,
    counts,
  })
}

function failed(reason: string): Handled {
  return { state: 'failed', reason, records: [] }
}
