/**
 * The relay's thread, seen from the main one. kafkajs can throw where nobody listens; in a thread
 * of its own that restarts the relay alone, and intake never notices.
 */
import { BrokenInvariant } from './assert.ts'
import { backoffMs, type Backoff } from './backoff.ts'
import type { Clock } from './clock.ts'
import { GatewayError, messageOf } from './errors.ts'
import type { Log } from './log.ts'
import type { RelayMark } from './outbox.ts'
import type { FromRelay, MarkFailure, RelaySettings, ToRelay } from './relay-messages.ts'
import type { RelayStatus } from './relay/ports.ts'

/** A crash is followed by a pause, so that a relay that cannot start does not spin. */
const RESTART: Backoff = { baseMs: 250, maxMs: 10_000 }

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
  /** Wakes the relay: more is on disk. */
  synced(seq: number): void
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

  function onStatus(next: RelayStatus) {
    status = next
    if (isDrained()) drained?.()
  }

  return {
    status: () => status,
    synced: (seq) => worker && tell(worker, { kind: 'synced', seq }),
    async run(signal) {
      for (let crashes = 0; !signal.aborted;) {
        worker = new Worker(new URL('./relay-worker.ts', import.meta.url).href)
        const ended = await runOnce(worker, ports, { signal, onStatus })
        worker = undefined
        if (ended === 'stopped') return
        crashes += 1
        ports.log.error('relay.crashed', { crashes, reason: ended.crashed })
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
  const stop = () => tell(worker, { kind: 'stop' })
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    resolve({ crashed: event.message })
  })
  worker.addEventListener('close', () => resolve({ crashed: 'the thread ended' }))
  worker.addEventListener('message', ({ data }: MessageEvent<FromRelay>) => {
    if (data.kind === 'status') onStatus(data.status)
    else if (data.kind === 'stopped') resolve('stopped')
    else if (data.kind === 'crashed') resolve({ crashed: data.reason })
    else void answerMark(worker, ports, data)
  })
  tell(worker, { kind: 'start', settings: ports.settings, syncedSeq: ports.syncedSeq() })
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
    worker.terminate()
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
