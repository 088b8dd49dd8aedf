import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { randomToken } from '../../src/ids.ts'
import type { SentEvent } from './ledger.ts'
import type { Senders } from './senders.ts'

/** A sender that gets no answer asks again after this long, like a service in a hurry. */
const RETRY_MS = 25
const POLL_MS = 20

/** A first-party service: its name, which is its topic's, and what it logs in with. */
export interface Caller {
  readonly token: string
}

export interface EventSendersOptions {
  /** Where requests go at the moment; it changes when the gateway is started again. */
  readonly url: () => string
  /** Keys take turns among them: key 0 the first, key 1 the second, and so on. */
  readonly callers: readonly Caller[]
  /** One sender a key: it sends its next batch only once the last one is acknowledged. */
  readonly keys: number
  /** Events of one key in a request, in order. */
  readonly batch: number
  /** Events a second, all senders together. */
  readonly perSecond: number
  /** Makes an event's data this much longer. Default 0. */
  readonly padBytes?: (event: SentEvent) => number
}

export interface EventSenders extends Senders {
  /** Resolves once so many events are acknowledged. */
  reached(acked: number): Promise<void>
}

/**
 * Sends batches to `/events`: what lets one process on a shared machine make thousands of
 * acknowledged events a second. Every acknowledgement is written down.
 */
export function startEventSenders(options: EventSendersOptions): EventSenders {
  const { keys, batch, perSecond } = options
  const run = randomToken()
  const acked: SentEvent[] = []
  const refusals: string[] = []
  const everyMs = (1000 * keys * batch) / perSecond
  let stopping = false

  async function sendAll(key: number): Promise<void> {
    // Spread over the first turn, so that the load is even.
    let dueMs = systemClock.monotonicMs() + (everyMs * key) / keys
    for (let first = 0; !stopping; first += batch) {
      await systemClock.sleep(Math.max(0, dueMs - systemClock.monotonicMs()))
      dueMs = Math.max(dueMs + everyMs, systemClock.monotonicMs() - everyMs)
      const events = Array.from({ length: batch }, (_, index) => {
        const n = first + index
        return { id: `${run}-${key}-${n}`, key: String(key), n }
      })
      for (let answer = ''; answer !== 'acknowledged';) {
        if (answer !== '') await systemClock.sleep(RETRY_MS)
        answer = await deliver(events, key, options)
        if (answer !== 'acknowledged') refusals.push(answer)
      }
      acked.push(...events)
    }
  }
  const sending = Array.from({ length: keys }, (_, key) => sendAll(key))
  return {
    ledger: { acked },
    refusals,
    async reached(count) {
      while (acked.length < count) await systemClock.sleep(POLL_MS)
    },
    async stop() {
      stopping = true
      await Promise.all(sending)
    },
  }
}

/** Resolves to `acknowledged`, or to what came instead. */
async function deliver(
  events: readonly SentEvent[],
  key: number,
  { callers, url, padBytes = () => 0 }: EventSendersOptions,
): Promise<string> {
  const body = events.map((event) => ({
    specversion: '1.0',
    id: event.id,
    source: '/torture',
    type: 'tortured',
    partitionkey: event.key,
    data: { n: event.n, pad: 'x'.repeat(padBytes(event)) },
  }))
  const { token } = callers[key % callers.length] ?? { token: '' }
  try {
    const response = await fetch(`${url()}/events`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/cloudevents-batch+json',
        authorization: `Bearer ${token}`,
      },
    })
    await response.arrayBuffer()
    return response.status === 202 || response.status === 200
      ? 'acknowledged'
      : String(response.status)
  } catch (error) {
    // Unknown: it may be stored or not. Only the answer counts, so it is sent again.
    return messageOf(error)
  }
}
