import { CommitMeter } from '../../src/readings/commit-meter.ts'
import { newTally } from '../../src/consumer-status.ts'
import type { ConsumerReading, Readings, SourceReading } from '../../src/readings/readings.ts'
import { RelayTraffic, Traffic } from '../../src/readings/traffic.ts'
import { manualClock, type ManualClock } from './manual-clock.ts'

/** What a gateway reads of itself that has done nothing, and that nothing troubles. */
export function quietReadings(clock: ManualClock = manualClock()): Readings {
  return {
    now: clock.now(),
    startedAt: clock.now(),
    version: '0.0.0',
    sources: [],
    traffic: new Traffic(clock),
    commits: new CommitMeter(clock),
    door: {
      openRequests: 0,
      inflightBytes: 0,
      diskIsLow: false,
      diskFreeBytes: 1e12,
      shedAgoMs: null,
      turnedAway: new Map(),
    },
    relay: {
      state: 'up',
      fault: null,
      sends: 0,
      failedSends: 0,
      pending: 0,
      oldestPendingMs: 0,
      retry: 0,
      retryTopics: [],
      blocked: 0,
      dead: 0,
      traffic: new RelayTraffic(),
    },
    redis: undefined,
    consumers: [],
    eventLoop: { p50Ms: 0.1, p99Ms: 1, maxMs: 2 },
    databaseBytes: 4096,
    walBytes: 0,
    rssBytes: 1e8,
    cpuMs: 100,
    alarms: [],
  }
}

/** A source of this name with its counters in `readings.traffic`. */
export function sourceReading(
  { traffic }: Readings,
  name: string,
  changes: Partial<SourceReading> = {},
): SourceReading {
  return {
    name,
    traffic: traffic.of(name),
    refusals: new Map(),
    secretUses: [],
    skewMs: null,
    ...changes,
  }
}

/** A consumer that runs, called orders. */
export function consumerReading(changes: Partial<ConsumerReading> = {}): ConsumerReading {
  const base = { name: 'orders', state: 'running', reason: null, partitions: [] } as const
  return { ...base, tally: newTally(), ...changes }
}
