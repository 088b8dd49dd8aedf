/**
 * The relay's thread, seen from the main one. kafkajs can throw where nobody listens; in a thread
 * of its own that restarts the relay alone, and intake never notices.
 */
import { BrokenInvariant } from '../assert.ts'
import { backoffMs, type Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import type { RelayMark } from '../outbox.ts'
import type { FromRelay, MarkFailure, RelaySettings, ToRelay } from './relay-messages.ts'
import type { Intake, RelayStatus } from '../relay/ports.ts'
import { NO_INTAKE } from '../relay/synced.ts'

/** A crash is followed by a pause, so that a relay that cannot start does not spin. */
const RESTART: Backoff = { baseMs: 250, maxMs: 10_000 }

/**
 * How long a relay that is told to stop may take, in ms. A send to a broker that does not answer
 * takes up to PUBLISH_MS_MAX: then the thread is cut off, and the next start publishes again.
 */
export const RELAY_STOP_MS_MAX = 1_000

export interface RelayThreadPorts {
  readonly clock: Clock
  readonly log: Log
  readonly settings: RelaySettings
  /** Commits a mark; resolves when it is on disk. */
  readonly mark: (mark: RelayMark) => Promise<void>
  /** The highest outbox seq that is on disk. */
  readonly syncedSeq: () => number
}

export interface RelayThread {
  /** What the relay last said of itself; undefined before its first word. */
  status(): RelayStatus | undefined
  /** Wakes the relay, where more is on disk than it knows; and tells it how deliveries fare. */
  synced(seq: number, intake: Intake): void
  /** Wakes it after a redrive, once that is on disk. One that starts later sees it anyway. */
  ring(): void
  /** Keeps a relay running until `signal` aborts: whatever ends it early, another one starts. */
  run(signal: AbortSignal): Promise<void>
  /**
   * Resolves once everything on disk is published, once Kafka is known to be down, or after `ms`.
   */
  drain(ms: number): Promise<void>
}

export function openRelayThread(ports: RelayThreadPorts): RelayThread {
  let worker: Worker | undefined
  let status: RelayStatus | undefined
  let drained: (() => void) | undefined

  function isDrained(): boolean {
    return status?.state === 'down' || (status?.position ?? -1) >= ports.syncedSeq()
  }

  let crashes = 0
  /** What the thread that runs was last told. */
  let told = { seq: 0, intake: NO_INTAKE }

  function onStatus(next: RelayStatus) {
    status = next
    if (next.state === 'up') crashes = 0
    if (isDrained()) drained?.()
  }

  /** What a dead relay last said of itself must not be taken for the present. */
  function onCrash(reason: string) {
    crashes += 1
    ports.log.error('relay.crashed', { crashes, reason })
    if (status === undefined) return
    onStatus({ ...status, state: 'down', fault: { code: 'RELAY_CRASHED', detail: reason } })
  }

  return {
    status: () => status,
    synced(seq, intake) {
      if (worker === undefined) return
      if (seq === told.seq && isSame(intake, told.intake)) return
      told = { seq, intake }
      tell(worker, { kind: 'synced', ...told })
    },
    ring: () => worker && tell(worker, { kind: 'ring' }),
    async run(signal) {
      while (!signal.aborted) {
        worker = new Worker(new URL('./relay-worker.ts', import.meta.url).href)
        told = { seq: ports.syncedSeq(), intake: NO_INTAKE }
        const ended = await runOnce(worker, ports, { signal, onStatus })
        worker = undefined
        if (ended === 'stopped') return
        onCrash(ended.crashed)
        await ports.clock.sleep(backoffMs(RESTART, crashes), signal)
      }
    },
    async drain(ms) {
      if (isDrained()) return
      const patience = new AbortController()
      drained = () => patience.abort()
      await ports.clock.sleep(ms, patience.signal)
      drained = undefined
    },
  }
}

function isSame(a: Intake, b: Intake): boolean {
  return a.lineMs === b.lineMs && a.isRefusing === b.isRefusing
}

function tell(worker: Worker, message: ToRelay): void {
  worker.postMessage(message)
}

interface Run {
  readonly signal: AbortSignal
  readonly onStatus: (status: RelayStatus) => void
}

/** One life of the relay's thread: from its start message to its last word, or its crash. */
async function runOnce(
  worker: Worker,
  ports: RelayThreadPorts,
  { signal, onStatus }: Run,
): Promise<'stopped' | { readonly crashed: string }> {
  const { promise, resolve } = Promise.withResolvers<'stopped' | { crashed: string }>()
  const patience = new AbortController()
  async function stop() {
    tell(worker, { kind: 'stop' })
    await ports.clock.sleep(RELAY_STOP_MS_MAX, patience.signal)
    if (patience.signal.aborted) return
    ports.log.warn('relay.cut_off', { hint: 'a send was under way: it may be published twice' })
    resolve('stopped')
  }
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    resolve({ crashed: event.message })
  })
  worker.addEventListener('close', () => resolve({ crashed: 'the thread ended' }))
  let marking: Promise<void> | undefined
  let isOver = false
  worker.addEventListener('message', ({ data }: MessageEvent<FromRelay>) => {
    if (isOver) return
    if (data.kind === 'status') onStatus(data.status)
    else if (data.kind === 'stopped') resolve('stopped')
    else if (data.kind === 'crashed') resolve({ crashed: data.reason })
    else marking = answerMark(worker, ports, data)
  })
  tell(worker, { kind: 'start', settings: ports.settings, syncedSeq: ports.syncedSeq() })
  const onAbort = () => void stop()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    patience.abort()
    worker.terminate()
    // The next relay begins where this one's last mark ended. A mark that is still on its way here
    // counts no more: it would contradict those of the next.
    isOver = true
    await marking
  }
}

async function answerMark(
  worker: Worker,
  ports: RelayThreadPorts,
  { id, mark }: Extract<FromRelay, { kind: 'mark' }>,
): Promise<void> {
  const failure = await ports.mark(mark).then(() => null, toFailure)
  tell(worker, { kind: 'marked', id, failure })
}

/** A disk that is full may have room again; a mark that contradicts the database stays wrong. */
function toFailure(error: unknown): MarkFailure {
  if (!(error instanceof GatewayError)) return { code: undefined, detail: messageOf(error) }
  const code = error.cause instanceof BrokenInvariant ? undefined : error.code
  return { code, detail: error.detail }
}
