/** Hands events to a core node, which answers once they are on its disk. */
import type { Clock } from '../clock.ts'
import { FORWARD_MS_MAX } from '../edge-limits.ts'
import { GatewayError, messageOf } from '../errors.ts'
import { FORWARD_PATH, writeForwarded, type ForwardedEvent } from '../forwarded.ts'

export interface ForwarderPorts {
  readonly clock: Clock
  /** The core node, without a slash at its end. */
  readonly url: string
  /** The headers that prove a body to the core. */
  readonly sign: (body: Uint8Array) => Readonly<Record<string, string>>
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
  const { clock, url, sign, deadlineMs = FORWARD_MS_MAX } = ports
  return async (events) => {
    const body = new TextEncoder().encode(writeForwarded(events))
    const over = new AbortController()
    const patience = new AbortController()
    const timeUp = clock.sleep(deadlineMs, patience.signal).then((): never => {
      over.abort()
      throw new GatewayError('FORWARD_FAILED', `no answer within ${deadlineMs} ms`)
    })
    try {
      const refusal = await Promise.race([post({ url, body, sign }, over.signal), timeUp])
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

interface Post extends Pick<ForwarderPorts, 'url' | 'sign'> {
  readonly body: Uint8Array<ArrayBuffer>
}

/** Undefined where the core has taken it, else what it answers. */
async function post({ url, body, sign }: Post, signal: AbortSignal): Promise<string | undefined> {
  const response = await fetch(`${url}${FORWARD_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sign(body) },
    body,
    signal,
    // Whoever answers for the core must not lead its events elsewhere.
    redirect: 'manual',
  })
  const text = await response.text()
  if (response.status === 202 || response.status === 200) return undefined
  const [, code] = /"code":"([A-Z_]+)"/.exec(text) ?? []
  return `the core answers ${response.status}${code === undefined ? '' : ` ${code}`}`
}
