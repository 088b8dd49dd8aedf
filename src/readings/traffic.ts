/**
 * What came in and what became of it, since the process began: plain numbers that a delivery raises
 * by one, and that nobody adds up before somebody looks.
 */
import { z } from 'zod'
import { unreachable } from '../assert.ts'
import type { Clock, EpochMs } from '../clock.ts'
import type { FailedStep } from '../delivery.ts'
import type { FaultCode } from '../faults/faults.ts'
import type { EventState } from '../event.ts'
import { bucketOf, HANDLER_MS_BOUNDS, Histogram, MS_BOUNDS, quantile } from './histogram.ts'
import { Minutes } from './minutes.ts'
import type { RelayMark } from '../outbox.ts'
import { KnownRhythm, Rhythm } from './rhythm.ts'

/** How a request ended, as the counters see it. */
export type Ended =
  | {
      readonly kind: 'accepted'
      /** Of a delivery that is one event. */
      readonly state?: EventState
      /** Of a request to /events. */
      readonly events?: number
      readonly duplicates?: number
      readonly handleMs: number
    }
  | { readonly kind: 'duplicate'; readonly events?: number; readonly handleMs: number }
  | {
      readonly kind: 'split'
      readonly events: number
      readonly duplicates: number
      readonly states: Readonly<Record<EventState, number>>
      readonly handleMs: number
    }
  | { readonly kind: 'handshake'; readonly name: string }
  | { readonly kind: 'replayed' }
  | { readonly kind: 'refused'; readonly code: FaultCode; readonly step?: FailedStep }

/** How requests ended; a delivery that was split counts by its answer, and as one of `split`. */
export interface DeliveryCounts {
  accepted: number
  duplicate: number
  handshake: number
  refused: number
  split: number
}

/** The columns of a source's minutes. */
export const MINUTE_COLUMNS = {
  accepted: 0,
  duplicate: 1,
  refused: 2,
  unhandled: 3,
  /** Those of the refused that were not proven. */
  unproven: 4,
} as const

/** Counts of one source or one caller; those of all unknown ones share one. */
export class SourceTraffic {
  readonly deliveries: DeliveryCounts = {
    accepted: 0,
    duplicate: 0,
    handshake: 0,
    refused: 0,
    split: 0,
  }
  readonly events: Record<EventState | 'duplicate', number> = {
    accepted: 0,
    ignored: 0,
    invalid: 0,
    failed: 0,
    duplicate: 0,
  }
  readonly refused = new Map<FaultCode, number>()
  /** The last probe of each name. */
  readonly handshakes = new Map<string, EpochMs>()
  readonly handleMs = new Histogram(HANDLER_MS_BOUNDS)
  readonly minutes = new Minutes(Object.keys(MINUTE_COLUMNS).length)
  /** Of what was taken: what is refused proves nothing of the source. */
  readonly rhythm = new Rhythm()
  /** The last request of any kind; null before the first. */
  lastReceivedAt: EpochMs | null = null

  count(ended: Ended, at: EpochMs): void {
    this.lastReceivedAt = at
    switch (ended.kind) {
      case 'accepted':
        return this.#accepted(ended, at)
      case 'split':
        return this.#split(ended, at)
      case 'duplicate':
        return this.#taken('duplicate', at, ended.events ?? 1)
      case 'replayed':
        return this.#taken('duplicate', at, 0)
      case 'handshake':
        this.deliveries.handshake += 1
        this.handshakes.set(ended.name, at)
        return
      case 'refused':
        this.deliveries.refused += 1
        this.refused.set(ended.code, (this.refused.get(ended.code) ?? 0) + 1)
        this.minutes.add(at, MINUTE_COLUMNS.refused, 1)
        if (ended.step !== undefined) this.minutes.add(at, MINUTE_COLUMNS.unproven, 1)
        return
      default:
        unreachable(ended)
    }
  }

  #accepted(ended: Extract<Ended, { kind: 'accepted' }>, at: EpochMs): void {
    const { state = 'accepted', events = 1, duplicates = 0, handleMs } = ended
    this.#taken('accepted', at, duplicates)
    this.events[state] += events - duplicates
    this.handleMs.observe(handleMs)
    if (isUnhandled(state)) this.minutes.add(at, MINUTE_COLUMNS.unhandled, 1)
  }

  #split(ended: Extract<Ended, { kind: 'split' }>, at: EpochMs): void {
    const { events, duplicates, states, handleMs } = ended
    this.deliveries.split += 1
    this.#taken(events > duplicates ? 'accepted' : 'duplicate', at, duplicates)
    this.events.accepted += states.accepted
    this.events.ignored += states.ignored
    this.events.invalid += states.invalid
    this.events.failed += states.failed
    this.handleMs.observe(handleMs)
    const unhandled = states.invalid + states.failed
    if (unhandled > 0) this.minutes.add(at, MINUTE_COLUMNS.unhandled, unhandled)
  }

  #taken(kind: 'accepted' | 'duplicate', at: EpochMs, duplicates: number): void {
    this.deliveries[kind] += 1
    this.events.duplicate += duplicates
    this.minutes.add(at, MINUTE_COLUMNS[kind], 1)
    this.rhythm.arrived(at)
  }
}

function isUnhandled(state: EventState): boolean {
  return state === 'invalid' || state === 'failed'
}

/** What the relay did, counted where its marks are stored: they outlive its thread. */
export class RelayTraffic {
  /** Batches of which something was published. */
  batches = 0
  published = 0
  /** Entries that were set aside, by what they wait for; of them `settled` are published now. */
  readonly setAside = { retry: 0, blocked: 0, dead: 0 }
  settled = 0
  readonly minutes = new Minutes(1)

  marked(mark: RelayMark): void {
    let records = 0
    for (const range of mark.published) records += range.records
    if (records > 0) {
      this.batches += 1
      this.published += records
      this.minutes.add(mark.at, 0, records)
    }
    for (const { status } of mark.exceptions) this.setAside[status] += 1
    this.settled += mark.settled.length
  }
}

/** By the name of the source. */
const KnownRhythms = z.record(z.string(), KnownRhythm)

/** The counters of all sources and callers, and of the answers to all of them. */
export class Traffic {
  /** Requests for sources that are not configured, and callers without a token. */
  readonly unknown = new SourceTraffic()
  readonly relay = new RelayTraffic()
  /** From the first byte that is read to the answer that an event is stored. */
  readonly ackMs = new Histogram(MS_BOUNDS)
  readonly #ackMinutes = new Minutes(MS_BOUNDS.length + 1)
  readonly #sources = new Map<string, SourceTraffic>()
  readonly #clock: Clock
  #requests = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All that were counted since the start. */
  get requests(): number {
    return this.#requests
  }

  /**
   * Counts a request that is answered. `source` is the name of a configured source or caller, which
   * a reload does not change; undefined where there is none.
   */
  count(source: string | undefined, ended: Ended, totalMs: number): void {
    const at = this.#clock.now()
    this.#requests += 1
    this.of(source).count(ended, at)
    if (ended.kind === 'refused' || ended.kind === 'handshake') return
    this.ackMs.observe(totalMs)
    this.#ackMinutes.add(at, bucketOf(MS_BOUNDS, totalMs), 1)
  }

  of(source: string | undefined): SourceTraffic {
    if (source === undefined) return this.unknown
    const known = this.#sources.get(source)
    if (known !== undefined) return known
    const traffic = new SourceTraffic()
    this.#sources.set(source, traffic)
    return traffic
  }

  /** Those that were heard of, by name. */
  sources(): ReadonlyMap<string, SourceTraffic> {
    return this.#sources
  }

  /** The rhythms that are known, as a document that a later process reads. */
  knownRhythms(): string {
    const known = [...this.#sources].map(([name, { rhythm }]) => [name, rhythm.known()] as const)
    return JSON.stringify(Object.fromEntries(known))
  }

  /** Goes on from the document of an earlier process; one of another version is left alone. */
  resumeRhythms(document: string): void {
    const { data = {} } = KnownRhythms.safeParse(JSON.parse(document), { jitless: true })
    const now = this.#clock.now()
    for (const [name, known] of Object.entries(data)) this.of(name).rhythm.resume(known, now)
  }

  /** The 99th percentile of the answers in the minute `age` minutes ago; null: none. */
  ackP99Ms(now: EpochMs, age: number): number | null {
    return quantile(this.#ackMinutes.row(now, age), MS_BOUNDS, 0.99)
  }
}
