import { GatewayError } from '../faults/faults.ts'
import { RELAY_POLL_MS } from '../limits/limits.ts'
import { openNap } from '../nap.ts'
import { knock, pollMs } from './knock.ts'
import { openRelayTurns, type LeasedRelayPorts } from './leased.ts'
import type { RelayStatus } from './ports.ts'

export interface LeasedRelayStatus extends Pick<RelayStatus, 'state' | 'fault'> {
  /** Topics that entries wait for. */
  readonly retryTopics: readonly string[]
}

/** A relay that lives as long as its process, over storage that is asked by message. */
export interface LeasedRelay {
  status(): LeasedRelayStatus
  /** There is more to publish. */
  wake(): void
  /** Publishes until `signal` aborts. What is being sent then is finished and marked. */
  run(signal: AbortSignal): Promise<void>
}

export function openLeasedRelay(ports: Omit<LeasedRelayPorts, 'onAnswer'>): LeasedRelay {
  const { clock, log } = ports
  const nap = openNap(clock)
  let status: LeasedRelayStatus = { state: 'starting', fault: null, retryTopics: [] }
  let isWoken = false
  let knocks = 0

  function onAnswer(fault: GatewayError | null): void {
    if (fault === null) {
      knocks = 0
      status = { ...status, state: 'up' }
    } else {
      const { code, detail } = fault
      status = { ...status, state: 'down', fault: { code, detail } }
    }
  }

  const takeTurn = openRelayTurns({ ...ports, onAnswer })

  /** One turn; how long to wait after it, in ms. */
  async function turn(signal: AbortSignal): Promise<number> {
    try {
      const { kind, retryTopics, dueMs } = await takeTurn(signal)
      status = { ...status, retryTopics }
      if (kind === 'moved' || kind === 'over') return 0
      if (status.state !== 'up') {
        knocks += 1
        onAnswer(await knock(ports))
      }
      return Math.min(pollMs(knocks), dueMs)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      log.error('relay.failed', { code: error.code, detail: error.detail, hint: error.fault.hint })
      return RELAY_POLL_MS
    }
  }

  return {
    status: () => status,
    wake() {
      isWoken = true
      nap.wake()
    },
    async run(signal) {
      while (!signal.aborted) {
        isWoken = false
        const waitMs = await turn(signal)
        if (waitMs > 0 && !isWoken) await nap.sleep(waitMs, signal)
      }
    },
  }
}
