/** Hands events of an edge to its core node, in one go: what pass.ts does for Kafka. */
import { FORWARD_BATCH_BYTES_MAX, FORWARD_EVENTS_MAX } from '../limits/edge.ts'
import { GatewayError } from '../faults/faults.ts'
import type { ForwardedEvent } from '../forwarded.ts'
import { RELAY_LEASE_MS } from '../limits/edge.ts'
import type { PassEnd, PassOptions } from './pass.ts'
import type { RelayPorts } from './ports.ts'

/** The inbox, as whoever has the lease sees it. */
export interface LeasedInbox {
  /** Takes or renews the lease, and reads what comes next; undefined: another one has it. */
  claimEvents(claim: {
    readonly holder: string
    readonly leaseMs: number
    readonly limit: number
    readonly bytesMax: number
  }): Promise<
    | {
        /** Every event up to here is handed on. */
        readonly position: number
        readonly events: readonly (ForwardedEvent & { readonly seq: number })[]
      }
    | undefined
  >
  /**
   * Notes that events are handed on.
   *
   * @throws GatewayError LEASE_LOST where another one has it by now: it forwards them again.
   */
  markEvents(holder: string, range: { readonly from: number; readonly to: number }): Promise<void>
  release(holder: string): Promise<void>
}

export interface ForwardPassPorts extends Pick<RelayPorts, 'clock' | 'log'> {
  readonly inbox: LeasedInbox
  /** Resolves once the core has all of them on its disk; rejects with FORWARD_FAILED. */
  readonly forward: (events: readonly ForwardedEvent[]) => Promise<void>
}

/**
 * Forwards what is stored until nothing is left: claim, forward, mark. Events that the core has and
 * that are not marked are forwarded again, and the core knows them. None is passed over: what a
 * core refuses holds up what comes after it, and is in the log, until the core takes it.
 *
 * @throws GatewayError STORAGE_FAILED and the like, where the storage fails.
 */
export async function forwardPass(
  ports: ForwardPassPorts,
  { holder, untilMs }: Pick<PassOptions, 'holder' | 'untilMs'>,
): Promise<PassEnd> {
  const { clock, inbox } = ports
  const bounds = { limit: FORWARD_EVENTS_MAX, bytesMax: FORWARD_BATCH_BYTES_MAX }
  try {
    while (clock.monotonicMs() < untilMs) {
      const claimed = await inbox.claimEvents({ holder, leaseMs: RELAY_LEASE_MS, ...bounds })
      if (claimed === undefined) return 'busy'
      const last = claimed.events.at(-1)
      if (last === undefined) return 'done'
      if (!(await forwardBatch(claimed.events, ports))) return 'unavailable'
      await inbox.markEvents(holder, { from: claimed.position, to: last.seq })
    }
    return 'out of time'
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'LEASE_LOST') return 'busy'
    throw error
  } finally {
    await inbox.release(holder)
  }
}

async function forwardBatch(
  events: readonly (ForwardedEvent & { readonly seq: number })[],
  { clock, log, forward }: ForwardPassPorts,
): Promise<boolean> {
  const range = { events: events.length, seqFirst: events[0]?.seq, seqLast: events.at(-1)?.seq }
  const startedMs = clock.monotonicMs()
  try {
    await forward(events)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { code, detail, fault } = error
    log.warn('forward.failed', { ...range, code, detail, hint: fault.hint })
    return false
  }
  log.info('forward.finished', {
    ...range,
    forwardMs: Math.round(clock.monotonicMs() - startedMs),
  })
  return true
}
