import { createHmac } from 'node:crypto'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { randomToken } from '../../src/ids.ts'
import { noise } from '../support/stored.ts'
import type { Ledger, SentEvent } from './ledger.ts'

/** A sender that gets no answer asks again after this long, like a provider in a hurry. */
const RETRY_MS = 25

export interface SendersOptions {
  /** Where webhooks go at the moment; it changes when the gateway is started again. */
  readonly url: () => string
  readonly secret: string
  /** One sender a key: it sends its next event only once the last one is acknowledged. */
  readonly keys: number
  /** Makes each body at least this long. Default 0. */
  readonly padBytes?: number
  /** Told of each acknowledgement as soon as it is there. */
  readonly onAcked?: (event: SentEvent) => void
}

export interface Senders {
  readonly ledger: Ledger
  /** What was answered instead of an acknowledgement so far, or why nothing was. */
  readonly refusals: readonly string[]
  /** Lets each sender get its last acknowledgement, then ends them. */
  stop(): Promise<void>
}

/** Sends signed GitHub deliveries without pause, and writes down every acknowledgement. */
export function startSenders(options: SendersOptions): Senders {
  const run = randomToken()
  const acked: SentEvent[] = []
  const refusals: string[] = []
  let stopping = false

  async function sendAll(key: string): Promise<void> {
    for (let n = 0; !stopping; n += 1) {
      const event = { id: `${run}-${key}-${n}`, key, n }
      for (let answer = ''; answer !== 'acknowledged';) {
        if (answer !== '') await systemClock.sleep(RETRY_MS)
        answer = await deliver(event, options)
        if (answer !== 'acknowledged') refusals.push(answer)
      }
      acked.push(event)
      options.onAcked?.(event)
    }
  }
  const sending = Array.from({ length: options.keys }, (_, key) => sendAll(String(key)))
  return {
    ledger: { acked },
    refusals,
    async stop() {
      stopping = true
      await Promise.all(sending)
    },
  }
}

/** The body that an event is sent with. Its padding is base64, which packs to three quarters. */
export function bodyOf(event: SentEvent, padBytes = 0): string {
  const seed = Bun.hash.xxHash32(event.id)
  const pad = Buffer.from(noise(padBytes, seed)).toString('base64').slice(0, padBytes)
  return JSON.stringify({
    repository: { id: Number(event.key) },
    n: event.n,
    id: event.id,
    pad,
  })
}

/** Sends an event once. Resolves to `acknowledged`, or to what came instead. */
export async function deliver(
  event: SentEvent,
  options: Pick<SendersOptions, 'url' | 'secret' | 'padBytes'>,
): Promise<string> {
  const body = bodyOf(event, options.padBytes)
  const signature = createHmac('sha256', options.secret).update(body).digest('hex')
  try {
    const response = await fetch(`${options.url()}/hooks/github`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': event.id,
        'x-hub-signature-256': `sha256=${signature}`,
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
