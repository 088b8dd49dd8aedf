import type { Refused } from '../delivery.ts'
import { FAULTS, type FaultCode } from '../faults/faults.ts'
import type { Log } from '../log.ts'

/** Why the door turns a request away; the log's summary counts by it. */
export type Reason = keyof typeof REFUSALS

/** One object for each, so that what answers it can be made once, too. */
const REFUSALS = {
  'address-rate': refused('RATE_LIMITED', 'too many requests from this address'),
  'source-rate': refused('RATE_LIMITED', 'too many requests for this source'),
  'refused-rate': refused('RATE_LIMITED', 'too many requests from this address were refused'),
  connections: refused('CONNECTIONS_EXHAUSTED', 'too many requests are being worked on'),
  waiting: refused('OVERLOADED', 'more comes in than can be answered in time'),
  bytes: refused('OVERLOADED', 'too many bytes of bodies are held in memory'),
  disk: refused('DISK_LOW', 'the disk is nearly full'),
  'slow-body': refused('BODY_TOO_SLOW', 'the body did not arrive in time'),
} as const

function refused(code: FaultCode, detail: string): Refused {
  return { kind: 'refused', code, detail, isSummedUp: true }
}

/** A refusal of the door. `waitMs` is how long until the same request would pass, if known. */
export function refusalFor(reason: Reason, waitMs?: number): Refused {
  const refusal = REFUSALS[reason]
  // Retry-After knows whole seconds only; rounded up, the token is there.
  return waitMs === undefined ? refusal : { ...refusal, retryAfterS: Math.ceil(waitMs / 1000) }
}

/** Refuses, and keeps count: a flood must not become a flood of log lines. */
export interface Refusals {
  /** `client`: whose doing it was, where it was anybody's. */
  turnAway(reason: Reason, client?: string, waitMs?: number): Refused
  /** How often each reason was met since the start. */
  totals(): ReadonlyMap<Reason, number>
  /** Writes one line for each reason that was met since the last time. */
  sumUp(): void
}

export function openRefusals(log: Log): Refusals {
  const counts = new Map<Reason, { count: number; lastClient: string | undefined }>()
  const totals = new Map<Reason, number>()
  return {
    totals: () => totals,
    turnAway(reason, client, waitMs) {
      totals.set(reason, (totals.get(reason) ?? 0) + 1)
      const counted = counts.get(reason)
      if (counted === undefined) {
        counts.set(reason, { count: 1, lastClient: client })
      } else {
        counted.count += 1
        counted.lastClient = client
      }
      return refusalFor(reason, waitMs)
    },
    sumUp() {
      for (const [reason, { count, lastClient }] of counts) {
        const { code } = REFUSALS[reason]
        log.warn('door.refused', { reason, count, lastClient, code, hint: FAULTS[code].hint })
      }
      counts.clear()
    },
  }
}
