import { backoffMs, type Backoff } from '../backoff.ts'
import { GatewayError } from '../faults/faults.ts'
import { RELAY_KNOCK_MS_MAX, RELAY_POLL_MS } from '../limits/limits.ts'
import type { RelayPorts } from './ports.ts'

/** Between two knocks at a Kafka that is away: each connects anew, 5 ms of CPU. */
const KNOCK_BACKOFF: Backoff = { baseMs: RELAY_POLL_MS, maxMs: RELAY_KNOCK_MS_MAX }

/**
 * Asks whether Kafka answers, where nobody knows or it did not: an operator should hear of a broker
 * that is away before the first event does. It sends nothing. Null where Kafka answers.
 */
export async function knock({
  publisher,
  log,
}: Pick<RelayPorts, 'publisher' | 'log'>): Promise<GatewayError | null> {
  try {
    await publisher.publish([])
    return null
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { code, detail } = error
    log.warn('relay.unavailable', { code, detail, hint: error.fault.hint })
    return error
  }
}

/** How long to wait where there is nothing to do, after so many knocks in a row without answer. */
export function pollMs(knocks: number): number {
  return knocks === 0 ? RELAY_POLL_MS : backoffMs(KNOCK_BACKOFF, knocks)
}
