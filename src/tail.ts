/**
 * Deliveries as they are answered, for whoever watches. Nothing is kept, and where nobody watches
 * nothing is made of them.
 */
import type { TailRow } from './admin-api/events.ts'
import { TAIL_PING_MS, TAIL_WAITING_MAX, TAILS_MAX } from './limits/admin.ts'
import type { Clock } from './clock.ts'
import { GatewayError } from './faults/faults.ts'
import { EVENT_STATES } from './event.ts'

/** How a request ended, as both doors say it. */
export interface Answered {
  readonly kind: 'accepted' | 'duplicate' | 'split' | 'replayed' | 'handshake' | 'refused'
  readonly seq?: number
  readonly eventId?: string
  readonly type?: string
  readonly state?: string
  readonly reason?: string | null
  /** Of several events in one request. */
  readonly events?: number
  readonly duplicates?: number
  /** Of a refusal. */
  readonly code?: string
}

export interface Tail {
  /** A request was answered. */
  see(source: string | undefined, answered: Answered): void
  /**
   * Server-sent events: `delivery` with a TailRow, and `dropped` with how many its reader was too
   * slow for. Throws QUERIES_BUSY where too many watch.
   */
  watch(source: string | undefined): ReadableStream<Uint8Array>
  /** Keeps silent connections open until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

interface Watcher {
  readonly source: string | undefined
  readonly stream: ReadableStreamDefaultController<Uint8Array>
  dropped: number
}

export function openTail(clock: Clock): Tail {
  const watchers = new Set<Watcher>()
  const encoder = new TextEncoder()

  /** False where its reader is behind. */
  function send({ stream }: Watcher, text: string): boolean {
    if ((stream.desiredSize ?? 0) <= 0) return false
    stream.enqueue(encoder.encode(text))
    return true
  }

  return {
    see(source, answered) {
      if (watchers.size === 0) return
      const row = toRow(source, answered, clock)
      if (row === undefined) return
      const text = message('delivery', row)
      for (const watcher of watchers) {
        if (watcher.source !== undefined && watcher.source !== source) continue
        const { dropped: count } = watcher
        if (count > 0 && send(watcher, message('dropped', { count }))) watcher.dropped = 0
        if (!send(watcher, text)) watcher.dropped += 1
      }
    },
    watch(source) {
      if (watchers.size >= TAILS_MAX) {
        throw new GatewayError('QUERIES_BUSY', `${watchers.size} live tails are open already`)
      }
      let watcher: Watcher | undefined
      return new ReadableStream<Uint8Array>(
        {
          start(stream) {
            watcher = { source, stream, dropped: 0 }
            watchers.add(watcher)
            // A proxy passes the head on with the first byte.
            send(watcher, PING)
          },
          cancel() {
            if (watcher !== undefined) watchers.delete(watcher)
          },
        },
        { highWaterMark: TAIL_WAITING_MAX },
      )
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(TAIL_PING_MS, signal)
        if (!signal.aborted) for (const watcher of watchers) send(watcher, PING)
      }
      for (const { stream } of watchers) stream.close()
      watchers.clear()
    },
  }
}

/** A comment, as server-sent events have it. */
const PING = ':\n\n'

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A probe is no delivery. */
function toRow(source: string | undefined, answered: Answered, clock: Clock): TailRow | undefined {
  const { kind, seq, eventId, type, code, events, duplicates = 0 } = answered
  if (kind === 'handshake') return undefined
  const isSeveral = events !== undefined && events !== 1
  const reason = isSeveral ? `${events} events, ${duplicates} of them known` : answered.reason
  return {
    at: new Date(clock.now()).toISOString(),
    source: source ?? null,
    outcome: outcomeOf(answered),
    seq: seq ?? null,
    eventId: eventId ?? null,
    type: type ?? null,
    state: EVENT_STATES.find((state) => state === answered.state) ?? null,
    reason: code ?? reason ?? null,
  }
}

function outcomeOf({ kind, events = 1, duplicates = 0 }: Answered): TailRow['outcome'] {
  if (kind === 'refused') return 'refused'
  if (kind === 'split') return events > duplicates ? 'accepted' : 'duplicate'
  return kind === 'accepted' ? 'accepted' : 'duplicate'
}
