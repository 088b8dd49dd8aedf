/** What is decided before a body is read: who may come in, and how much of it at once. */
import type { Network } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Refused } from '../delivery.ts'
import {
  BUCKETS_MAX,
  DOOR_IDLE_TICK_MS,
  DOOR_TICK_MS,
  RATE_BURST_S,
  REFUSED_BURST,
  REFUSED_PER_SECOND,
} from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { openNap } from '../nap.ts'
import { REFUSING_MS, SYNC_WAIT_MS_MAX } from '../limits/waiting.ts'
import { clientOf } from './client.ts'
import { openDisk } from './disk.ts'
import { openLine, type LineOptions } from './line.ts'
import { openRate } from './rate.ts'
import { openRefusals } from './refusals.ts'
import { Visit, type Rates, type VisitPorts } from './visit.ts'

export interface DoorOptions {
  readonly clock: Clock
  readonly log: Log
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly Network[]
  /** Requests a second that one address may send without a delivery that verifies; 0: any. */
  readonly ratePerAddress: number
  /** Requests a second that one source may be sent; 0: any. */
  readonly ratePerSource: number
  readonly connectionsMax: number
  readonly inflightBytesMax: number
  readonly bodyMsMax: number
  readonly diskFreeMinBytes: number
  /** The bytes that may still be written beside the database. */
  readonly freeBytes: () => number
  /** How long the disk has been making the last commit durable, in ms; 0 where it does not. */
  readonly syncingMs: () => number
  /** See LineOptions. */
  readonly nextTurn?: LineOptions['nextTurn'] | undefined
}

/** How full the house is. */
export interface DoorStatus {
  /** Requests that are being worked on. */
  readonly openRequests: number
  /** Bytes of their bodies. */
  readonly inflightBytes: number
  /** True while events are refused because the disk is nearly full. */
  readonly diskIsLow: boolean
  /** At the last look; null where nobody looks. */
  readonly diskFreeBytes: number | null
}

/** Who sends a request. */
export interface Sender {
  /** The address at the other end of the connection: asked for where it matters. */
  readonly peer: string
}

export interface Door {
  /**
   * Lets a request in, or turns it away. Costs about a microsecond, and reads no body; headers only
   * behind a proxy, because Bun makes them when they are asked for (3 µs). Refusals that are not
   * the sender's doing do not look up who it is: they are most frequent under overload.
   */
  enter(request: Pick<Request, 'headers'>, sender: Sender): Visit | Refused
  /** Begins to work on what was read, when its turn has come. */
  begin<T>(task: () => Promise<T>): Promise<T>
  /** How long those who wait for that will take, in ms; 0 where nobody does. */
  lineMs(): number
  /**
   * Looks at the disk, cuts off slow bodies, and writes the summaries: once a second while anybody
   * comes, or the disk is low, and at once when somebody comes after a pause.
   */
  run(signal: AbortSignal): Promise<void>
  status(): DoorStatus
  /** How long ago it last refused somebody who would have waited too long, in ms; null: never. */
  shedAgoMs(): number | null
  /** Requests that it turned away since the start, by why. */
  turnedAway(): ReadonlyMap<string, number>
}

/** Opens the door. It has looked at the disk once. */
export function openDoor(options: DoorOptions): Door {
  const { clock, trustedProxies, connectionsMax, inflightBytesMax, bodyMsMax } = options
  const rates = openRates(options)
  const refusals = openRefusals(options.log)
  const disk = openDisk({ ...options, freeMinBytes: options.diskFreeMinBytes })
  disk.look()
  const line = openLine(options)
  const bodies = openBodies(clock, bodyMsMax)
  let openRequests = 0
  let requests = 0
  let isIdle = false
  const nap = openNap(clock)
  let inflightBytes = 0
  let shedAtMs: number | undefined

  const visitPorts: VisitPorts = {
    rates,
    refusals,
    hold(bytes, share) {
      if (inflightBytes + bytes > inflightBytesMax * share) return false
      inflightBytes += bytes
      return true
    },
    startReading: (visit) => bodies.start(visit),
    stopReading: (visit) => bodies.stop(visit),
    leave(heldBytes) {
      openRequests -= 1
      inflightBytes -= heldBytes
    },
  }

  return {
    enter(request, sender) {
      requests += 1
      if (isIdle) nap.wake()
      if (disk.isLow) return refusals.turnAway('disk')
      const working = openRequests - bodies.reading()
      if (line.isTooLong(working) || options.syncingMs() > SYNC_WAIT_MS_MAX) {
        shedAtMs = clock.monotonicMs()
        return refusals.turnAway('waiting')
      }
      const forwardedFor =
        trustedProxies.length === 0 ? null : request.headers.get('x-forwarded-for')
      const client = clientOf(sender.peer, forwardedFor, trustedProxies)
      if (openRequests >= connectionsMax) return refusals.turnAway('connections', client)
      const waitMs = rates.byAddress.take(client)
      if (waitMs > 0) return refusals.turnAway('address-rate', client, waitMs)
      openRequests += 1
      return new Visit(client, visitPorts)
    },
    begin: (task) => line.begin(task),
    lineMs: () => line.lengthMs(),
    async run(signal) {
      while (!signal.aborted) {
        const before = requests
        await nap.sleep(isIdle ? DOOR_IDLE_TICK_MS : DOOR_TICK_MS, signal)
        disk.look()
        isIdle = requests === before && openRequests === 0 && !disk.isLow
        bodies.cutOffSlow()
        refusals.sumUp()
      }
    },
    shedAgoMs: () => (shedAtMs === undefined ? null : clock.monotonicMs() - shedAtMs),
    turnedAway: () => refusals.totals(),
    status: () => ({
      openRequests,
      inflightBytes,
      diskIsLow: disk.isLow,
      diskFreeBytes: disk.freeBytes,
    }),
  }
}

/** How deliveries fare, for whoever can leave the core to them. */
export function intakeOf(door: Pick<Door, 'lineMs' | 'shedAgoMs'>): {
  readonly lineMs: number
  readonly isRefusing: boolean
} {
  const agoMs = door.shedAgoMs()
  return { lineMs: door.lineMs(), isRefusing: agoMs !== null && agoMs < REFUSING_MS }
}

/** Bodies that are being read, and how long each may take. */
function openBodies(clock: Clock, msMax: number) {
  /** When each began, oldest first. */
  const reading = new Map<Visit, number>()
  return {
    reading: () => reading.size,
    start: (visit: Visit) => void reading.set(visit, clock.monotonicMs()),
    stop: (visit: Visit) => void reading.delete(visit),
    cutOffSlow() {
      const beforeMs = clock.monotonicMs() - msMax
      for (const [visit, startedMs] of reading) {
        if (startedMs > beforeMs) break
        visit.cutOff()
      }
    },
  }
}

function openRates({ clock, ratePerAddress, ratePerSource, connectionsMax }: DoorOptions): Rates {
  const keysMax = BUCKETS_MAX
  return {
    byAddress: openRate({
      clock,
      keysMax,
      perSecond: ratePerAddress,
      // A delivery holds its token until it is answered: with less than one for every request that
      // can be open, genuine ones would be refused.
      burst: ratePerAddress * RATE_BURST_S + connectionsMax,
    }),
    bySource: openRate({
      clock,
      keysMax,
      perSecond: ratePerSource,
      burst: ratePerSource * RATE_BURST_S,
    }),
    refusedByAddress: openRate({
      clock,
      keysMax,
      perSecond: REFUSED_PER_SECOND,
      burst: REFUSED_BURST,
    }),
  }
}
