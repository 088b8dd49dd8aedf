/** Hands events to a core node, which answers once they are on its disk. */
import type { Clock } from '../clock.ts'
import { FORWARD_MS_MAX } from '../limits/edge.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { FORWARD_PATH, writeForwarded, type ForwardedEvent } from '../forwarded.ts'
import { RECEIPT_HEADER } from '../receipt.ts'

export interface ForwarderPorts {
  readonly clock: Clock
  /** The core node, without a slash at its end. */
  readonly url: string
  /** The headers that prove a body to the core. */
  readonly sign: (body: Uint8Array) => Readonly<Record<string, string>>
  /** Whether this is the core's receipt for these bytes. */
  readonly isReceipt: (receipt: string, body: Uint8Array) => boolean
  /** For tests. Default: FORWARD_MS_MAX. */
  readonly deadlineMs?: number
}

/**
 * Resolves once the core has all of the events on its disk; which of them it had before makes no
 * difference.
 *
 * @throws GatewayError FORWARD_FAILED: nobody knows how many it has. Forward them again.
 */
export type Forward = (events: readonly ForwardedEvent[]) => Promise<void>

export function openForwarder(ports: ForwarderPorts): Forward {
  const { clock, deadlineMs = FORWARD_MS_MAX } = ports
  return async (events) => {
    const body = new TextEncoder().encode(writeForwarded(events))
    const over = new AbortController()
    const patience = new AbortController()
    const timeUp = clock.sleep(deadlineMs, patience.signal).then((): never => {
      over.abort()
      throw new GatewayError('FORWARD_FAILED', `no answer within ${deadlineMs} ms`)
    })
    try {
      const refusal = await Promise.race([post(body, ports, over.signal), timeUp])
      if (refusal !== undefined) throw new GatewayError('FORWARD_FAILED', refusal)
    } catch (error) {
      if (error instanceof GatewayError) throw error
      throw new GatewayError('FORWARD_FAILED', messageOf(error), { cause: error })
    } finally {
      patience.abort()
      timeUp.catch(() => undefined)
    }
  }
}

/** Undefined where the core has taken it, else what it answers. */
async function post(
  body: Uint8Array<ArrayBuffer>,
  { url, sign, isReceipt }: ForwarderPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const response = await fetch(`${url}${FORWARD_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sign(body) },
    body,
    signal,
    // Whoever answers for the core must not lead its events elsewhere.
    redirect: 'manual',
  })
  const text = await response.text()
  if (response.status === 202 || response.status === 200) {
    const receipts = response.headers.get(RECEIPT_HEADER)?.split(' ') ?? []
    if (receipts.some((receipt) => isReceipt(receipt, body))) return undefined
    return `${response.status} without a receipt of the core: somebody else has answered`
  }
  const [, code] = /"code":"([A-Z_]+)"/.exec(text) ?? []
  return `the core answers ${response.status}${code === undefined ? '' : ` ${code}`}`
}
