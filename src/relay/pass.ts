/**
 * Publishes the outbox in one go, where nothing may run for ever: in an invocation at the edge.
 * What keeps two of them from publishing at once is a lease in the database, so order per key
 * holds as with one relay.
 */
import { GatewayError } from '../faults/faults.ts'
import { openRelayTurns, type LeasedOutbox, type LeasedRelayPorts } from './leased.ts'

export interface PassPorts extends Pick<LeasedRelayPorts, 'publisher' | 'clock' | 'log'> {
  readonly outbox: LeasedOutbox & {
    /** Gives the lease back, if it is still this holder's. */
    release(holder: string): Promise<void>
  }
}

export interface PassOptions extends Pick<LeasedRelayPorts, 'poisonPolicy'> {
  /** Random, and no other pass's. */
  readonly holder: string
  /** Nothing is begun after this time, by the monotonic clock. */
  readonly untilMs: number
}

/**
 * Why a pass ended: nothing is left that can be published now; there is more, and no time; another
 * pass is under way; or nobody takes it, and everything waits for the next pass.
 */
export type PassEnd = 'done' | 'out of time' | 'busy' | 'unavailable'

/**
 * Publishes what is stored, turn by turn, until nothing is left. Where Kafka does not answer, the
 * pass ends at once: the next one is a minute away, and an invocation is no place to wait.
 *
 * @throws GatewayError STORAGE_FAILED and the like, where the storage fails.
 */
export async function publishPass(ports: PassPorts, options: PassOptions): Promise<PassEnd> {
  const { clock, outbox } = ports
  const { holder, untilMs } = options
  const away = new AbortController()
  const onAnswer = (fault: GatewayError | null) => void (fault !== null && away.abort())
  const takeTurn = openRelayTurns({ ...ports, ...options, onAnswer })
  try {
    while (clock.monotonicMs() < untilMs) {
      const { kind } = await takeTurn(away.signal)
      if (kind === 'held') return 'busy'
      if (kind === 'idle') return 'done'
      if (kind === 'over') return 'unavailable'
    }
    return 'out of time'
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'LEASE_LOST') return 'busy'
    throw error
  } finally {
    await outbox.release(holder)
  }
}
