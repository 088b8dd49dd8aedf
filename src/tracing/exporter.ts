/**
 * Sends spans to a collector, behind the back of everybody: what makes spans never waits for it,
 * and what it cannot send in time is dropped and counted.
 */
import { backoffMs, type Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import {
  TRACE_BATCH_SPANS_MAX,
  TRACE_EXPORT_MS_MAX,
  TRACE_LAST_MS_MAX,
  TRACE_QUEUE_SPANS_MAX,
  TRACE_WAIT_MS,
} from '../limits/traces.ts'
import { toOtlp } from './otlp.ts'
import type { Emit, Span } from './span.ts'

/** Between two tries while the collector does not answer. */
const RETRY: Backoff = { baseMs: 500, maxMs: 30_000 }

/** What OTLP lets a client send again; any other refusal is one for good. */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504])

export interface ExporterOptions {
  readonly clock: Clock
  readonly log: Log
  /** Where spans are posted. */
  readonly url: string
  /** Credentials, most likely: never logged. */
  readonly headers: Readonly<Record<string, string>>
  /** What all spans have in common: service.name and the like. */
  readonly resource: Span['attributes']
}

export interface Exporter {
  readonly emit: Emit
  /** Sends what gathers until `signal` aborts, then what is left, for TRACE_LAST_MS_MAX at most. */
  run(signal: AbortSignal): Promise<void>
}

export function openExporter(options: ExporterOptions): Exporter {
  const { clock, log } = options
  let queue: Span[] = []
  let dropped = 0
  let failures = 0
  let nap = new AbortController()

  /** Where the collector is away, what waits is tried again; what it refuses is dropped. */
  async function sendAll(stop: AbortSignal, over: AbortSignal): Promise<void> {
    while (queue.length > 0 && !stop.aborted) {
      const batch = queue.slice(0, TRACE_BATCH_SPANS_MAX)
      const failure = await post(batch, options, over)
      if (failure === undefined) answered()
      else if (!over.aborted) failed(failure)
      if (failure === undefined || failure.isFinal) queue = queue.slice(batch.length)
      else await clock.sleep(backoffMs(RETRY, failures), stop)
      if (failure?.isFinal === true) dropped += batch.length
    }
  }

  function answered(): void {
    if (failures > 0 || dropped > 0) log.warn('traces.exported', { failures, dropped })
    failures = 0
    dropped = 0
  }

  /** Said once, until it answers again. */
  function failed({ reason }: Failure): void {
    failures += 1
    const hint = 'OTEL_EXPORTER_OTLP_ENDPOINT takes OTLP over HTTP, mostly at port 4318'
    if (failures === 1) log.warn('traces.unavailable', { reason, hint })
  }

  /** Until `stop` aborts, and then once more; a request under way is cut off by `over` alone. */
  async function work(stop: AbortSignal, over: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      nap = new AbortController()
      const isFull = queue.length >= TRACE_BATCH_SPANS_MAX
      if (!isFull) await clock.sleep(TRACE_WAIT_MS, nap.signal)
      await sendAll(stop, over)
    }
    await sendAll(over, over)
  }

  return {
    emit(span) {
      if (queue.length >= TRACE_QUEUE_SPANS_MAX) dropped += 1
      else queue.push(span)
      if (queue.length === TRACE_BATCH_SPANS_MAX) nap.abort()
    },
    async run(signal) {
      const over = new AbortController()
      const ended = new AbortController()
      const working = work(signal, over.signal)
      await untilAborted(signal)
      nap.abort()
      const timeUp = clock.sleep(TRACE_LAST_MS_MAX, ended.signal).then(() => over.abort())
      await working
      ended.abort()
      await timeUp
      dropped += queue.length
      if (dropped > 0) log.warn('traces.dropped', { spans: dropped })
    },
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

interface Failure {
  readonly reason: string
  /** It refuses these spans, and would again. */
  readonly isFinal: boolean
}

/** One request: undefined once the collector has taken the spans, or why it has not. */
async function post(
  spans: readonly Span[],
  { url, headers, resource }: ExporterOptions,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    const { ok, status } = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: toOtlp(spans, resource),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TRACE_EXPORT_MS_MAX)]),
      redirect: 'manual',
    })
    if (ok) return undefined
    return { reason: `it answers ${status}`, isFinal: !RETRYABLE_STATUS.has(status) }
  } catch (error) {
    return { reason: messageOf(error), isFinal: false }
  }
}
