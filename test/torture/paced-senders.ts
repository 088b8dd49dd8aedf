import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'
import type { Ledger, SentEvent } from './ledger.ts'
import { send, signedDelivery } from './signed.ts'

const RETRY_MS = 25

export interface PacedSendersOptions {
  readonly url: string
  readonly secret: string
  /** One sender a key: it sends its next event only once the last one is acknowledged. */
  readonly keys: number
  /** Events a second, all senders together; fewer where the answers are slow. */
  readonly perSecond: number
}

/** Sends signed deliveries at an even pace, and writes down every acknowledgement. */
export function startPacedSenders(options: PacedSendersOptions): {
  readonly ledger: Ledger
  stop(): Promise<void>
} {
  const { url, secret, keys, perSecond } = options
  const run = randomToken()
  const acked: SentEvent[] = []
  const everyMs = (1000 * keys) / perSecond
  let isStopping = false

  async function sendAll(key: number): Promise<void> {
    let dueMs = systemClock.monotonicMs() + (everyMs * key) / keys
    for (let n = 0; !isStopping; n += 1) {
      await systemClock.sleep(Math.max(0, dueMs - systemClock.monotonicMs()))
      // What was missed while the gateway was slow is not made up for.
      dueMs = Math.max(dueMs + everyMs, systemClock.monotonicMs())
      const id = `${run}-${key}-${n}`
      const body = JSON.stringify({ repository: { id: key }, n, id })
      const delivery = signedDelivery(secret, id, body)
      for (;;) {
        const status = await send(url, delivery).catch(() => 0)
        if (status === 202 || status === 200) break
        await systemClock.sleep(RETRY_MS)
      }
      acked.push({ id, key: String(key), n })
    }
  }
  const sending = Array.from({ length: keys }, (_, key) => sendAll(key))
  return {
    ledger: { acked },
    async stop() {
      isStopping = true
      await Promise.all(sending)
    },
  }
}
