import { backoffMs, type Backoff } from '../backoff.ts'
import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { CONFIRMATION_TRIES_MAX, CONFIRMATIONS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { CallOut, OutboundCall } from '../outbound-call.ts'

const RETRY: Backoff = { baseMs: 2_000, maxMs: 30_000 }

export interface ConfirmationPorts {
  readonly clock: Clock
  readonly log: Log
  readonly callOut: CallOut
}

/** Calls that providers ask for to confirm a subscription, made one after the other. */
export interface Confirmations {
  /** Notes a call; the request that asked for it does not wait. */
  confirm(source: string, call: OutboundCall): void
  /** Makes what is noted until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

interface Noted {
  readonly source: string
  readonly call: OutboundCall
}

export function openConfirmations({ clock, log, callOut }: ConfirmationPorts): Confirmations {
  const queue: Noted[] = []
  let wake: () => void = () => undefined

  async function attempt(call: OutboundCall): Promise<GatewayError | undefined> {
    try {
      const { status } = await callOut(call)
      if (status === 200) return undefined
      return new GatewayError('OUTBOUND_FAILED', `the answer is ${status}`)
    } catch (error) {
      if (error instanceof GatewayError) return error
      return new GatewayError('OUTBOUND_FAILED', messageOf(error), { cause: error })
    }
  }

  async function confirm({ source, call }: Noted, signal: AbortSignal): Promise<void> {
    for (let tries = 1; !signal.aborted; tries += 1) {
      const failure = await attempt(call)
      if (failure === undefined) {
        log.info('confirmation.finished', { source, tries })
        return
      }
      const { code, detail, retryable } = failure
      if (!retryable || tries >= CONFIRMATION_TRIES_MAX) {
        const hint = 'the subscription is not confirmed: let the provider send its request again'
        log.error('confirmation.failed', { source, tries, code, detail, hint })
        return
      }
      await clock.sleep(backoffMs(RETRY, tries), signal)
    }
  }

  return {
    confirm(source, call) {
      if (queue.length < CONFIRMATIONS_MAX) queue.push({ source, call })
      else log.error('confirmation.dropped', { source, waiting: queue.length })
      wake()
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const next = queue.shift()
        if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
        else await confirm(next, signal)
      }
    },
  }
}
