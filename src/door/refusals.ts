import type { Refused } from '../delivery.ts'
import { FAULTS, type FaultCode } from '../errors.ts'
import type { Log } from '../log.ts'

/** Why the door turns a request away; the log's summary counts by it. */
export type Reason = keyof typeof REFUSALS

const REFUSALS = {
  'address-rate': {
    code: 'RATE_LIMITED',
    detail: 'too many requests from this address',
  },
  'source-rate': {
    code: 'RATE_LIMITED',
    detail: 'too many requests for this source',
  },
  'refused-rate': {
    code: 'RATE_LIMITED',
    detail: 'too many requests from this address were refused',
  },
  connections: {
    code: 'CONNECTIONS_EXHAUSTED',
    detail: 'too many requests are being worked on',
  },
  waiting: {
    code: 'OVERLOADED',
    detail: 'more comes in than can be answered in time',
  },
  bytes: {
    code: 'OVERLOADED',
    detail: 'too many bytes of bodies are held in memory',
  },
  disk: {
    code: 'DISK_LOW',
    detail: 'the disk is nearly full',
  },
  'slow-body': {
    code: 'BODY_TOO_SLOW',
    detail: 'the body did not arrive in time',
  },
} as const satisfies Record<string, { readonly code: FaultCode; readonly detail: string }>

/** A refusal of the door. `waitMs` is how long until the same request would pass, if known. */
export function refusalFor(reason: Reason, waitMs?: number): Refused {
  const { code, detail } = REFUSALS[reason]
  const refused = { kind: 'refused', code, detail, isSummedUp: true } as const
  // Retry-After knows whole seconds only; rounded up, the token is there.
  return waitMs === undefined ? refused : { ...refused, retryAfterS: Math.ceil(waitMs / 1000) }
}

/** Refuses, and keeps count: a flood must not become a flood of log lines. */
export interface Refusals {
  turnAway(reason: Reason, client: string, waitMs?: number): Refused
  /** How often each reason was met since the start. */
  totals(): ReadonlyMap<Reason, number>
  /** Writes one line for each reason that was met since the last time. */
  sumUp(): void
}

export function openRefusals(log: Log): Refusals {
  const counts = new Map<Reason, { count: number; lastClient: string }>()
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
