/** What the gateway can tell of itself at one moment: metrics and alarms are made of this. */
import type { ActiveAlarm } from '../alarm.ts'
import type { EpochMs } from '../clock.ts'
import type { ConsumerStatus } from '../consumer-status.ts'
import type { CommitMeter } from './commit-meter.ts'
import type { EventLoopDelay } from './event-loop.ts'
import type { RefusalCounts, SecretUse } from '../secret-uses.ts'
import type { RelayTraffic, SourceTraffic, Traffic } from './traffic.ts'

/** One configured source or caller. */
export interface SourceReading {
  readonly name: string
  readonly traffic: SourceTraffic
  readonly refusals: RefusalCounts
  readonly secretUses: readonly SecretUse[]
  /** By how much our clock is ahead of what its provider signs; null where that is not known. */
  readonly skewMs: number | null
}

/** One consumer that runs. */
export interface ConsumerReading extends ConsumerStatus {
  readonly name: string
}

export interface Readings {
  readonly now: EpochMs
  readonly startedAt: EpochMs
  readonly version: string
  readonly sources: readonly SourceReading[]
  readonly traffic: Traffic
  readonly commits: CommitMeter
  readonly door: {
    readonly openRequests: number
    readonly inflightBytes: number
    readonly diskIsLow: boolean
    /** Null where it is not watched. */
    readonly diskFreeBytes: number | null
    /** How long ago it last refused somebody for whom there was no time, in ms; null: never. */
    readonly shedAgoMs: number | null
    /** Requests that it turned away before they were read, by why. */
    readonly turnedAway: ReadonlyMap<string, number>
  }
  readonly relay: {
    readonly state: 'starting' | 'up' | 'down'
    /** Why it is down, or was last. */
    readonly fault: { readonly code: string; readonly detail: string } | null
    readonly sends: number
    readonly failedSends: number
    readonly pending: number
    readonly oldestPendingMs: number
    readonly retry: number
    /** The topics that those wait for. */
    readonly retryTopics: readonly string[]
    readonly blocked: number
    readonly dead: number
    readonly traffic: RelayTraffic
  }
  /** Undefined where there is none. */
  readonly redis:
    | { readonly isUp: boolean; readonly claims: Readonly<Record<string, number>> }
    | undefined
  /** Those that run here. */
  readonly consumers: readonly ConsumerReading[]
  readonly eventLoop: EventLoopDelay
  readonly databaseBytes: number
  readonly walBytes: number
  readonly rssBytes: number
  readonly cpuMs: number
  readonly alarms: readonly ActiveAlarm[]
}
