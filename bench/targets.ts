import { figureOf, type Results } from './results.ts'

/** A figure that the program is built for. */
export interface Target {
  readonly id: string
  readonly what: string
  readonly run: string
  /** Where it stands among the figures of the run. */
  readonly figure: string
  readonly better: 'more' | 'less'
  /** What is sound. */
  readonly solid: number
  /** What is aimed at. */
  readonly target: number
  /** What follows the number. */
  readonly unit?: '×' | 'ms' | 'µs' | '%' | 'MiB'
}

export const TARGETS: readonly Target[] = [
  {
    id: 'ingest',
    what: 'verified and durable, to a bare `Bun.serve`: 256 connections, 2.3 kB',
    run: 'ingest',
    figure: 'outcomes.0.ratio.median',
    better: 'more',
    solid: 0.4,
    target: 0.5,
  },
  {
    id: 'ingest-8k',
    what: 'the same at 7.7 kB',
    run: 'ingest-8k',
    figure: 'outcomes.0.ratio.median',
    better: 'more',
    solid: 0.2,
    target: 0.3,
  },
  {
    id: 'slow-disk',
    what: 'intake with 5 ms more a sync, to that without: 1,024 connections',
    run: 'slow-disk',
    figure: 'ratio.median',
    better: 'more',
    solid: 0.8,
    target: 0.95,
  },
  {
    id: 'syncs',
    what: 'syncs an event at full load',
    run: 'footprint',
    figure: 'syncsPerEvent',
    better: 'less',
    solid: 1 / 32,
    target: 1 / 100,
  },
  {
    id: 'ack',
    what: 'p99 of the 202 at 70 % load, to that of a sync plus 1 ms',
    run: 'latency',
    figure: 'ratio.median',
    better: 'less',
    solid: 4,
    target: 2.5,
    unit: '×',
  },
  {
    id: 'stall',
    what: 'longest stall of the event loop at 70 % load, checkpoints included',
    run: 'latency',
    figure: 'stallMaxMs.max',
    better: 'less',
    solid: 50,
    target: 5,
    unit: 'ms',
  },
  {
    id: 'relay',
    what: 'relay, to kafkajs alone',
    run: 'relay',
    figure: 'ratio.median',
    better: 'more',
    solid: 0.8,
    target: 0.95,
  },
  {
    id: 'e2e-p50',
    what: '202 → visible at half load, p50, to produce → consume',
    run: 'e2e',
    figure: 'outcomes.1.p50Ratio.median',
    better: 'less',
    solid: 2,
    target: 1.2,
    unit: '×',
  },
  {
    id: 'e2e-p99',
    what: 'the same, p99',
    run: 'e2e',
    figure: 'outcomes.1.p99Ratio.median',
    better: 'less',
    solid: 4,
    target: 2,
    unit: '×',
  },
  {
    id: 'drain',
    what: 'a backlog of 1,000,000: time to drain, to kafkajs alone',
    run: 'backlog',
    figure: 'ratio',
    better: 'less',
    solid: 1.4,
    target: 1.1,
    unit: '×',
  },
  {
    id: 'drain-ack',
    what: 'p99 of the 202 meanwhile, to that without',
    run: 'backlog',
    figure: 'ackP99RatioMeanwhile',
    better: 'less',
    solid: 2,
    target: 1.25,
    unit: '×',
  },
  {
    id: 'backlog-memory',
    what: 'memory that a waiting backlog of 1,000,000 takes',
    run: 'backlog',
    figure: 'extraMemoryMib',
    better: 'less',
    solid: 64,
    target: 16,
    unit: 'MiB',
  },
  {
    id: 'stored',
    what: 'intake with 10,000,000 events stored, to that with none',
    run: 'stored',
    figure: 'ratio.median',
    better: 'more',
    solid: 0.8,
    target: 0.95,
  },
  {
    id: 'hono-drizzle',
    what: 'events a second, to a naive Hono + Drizzle',
    run: 'ingest-peers',
    figure: 'outcomes.0.peers.0.oursToPeer.median',
    better: 'more',
    solid: 5,
    target: 20,
    unit: '×',
  },
  {
    id: 'fastify',
    what: 'events a second, to Fastify + better-sqlite3 at equal durability',
    run: 'ingest-peers',
    figure: 'outcomes.0.peers.1.oursToPeer.median',
    better: 'more',
    solid: 1.5,
    target: 2.5,
    unit: '×',
  },
  {
    id: 'overload',
    what: 'twice saturation: taken, to saturation',
    run: 'overload',
    figure: 'ratio.median',
    better: 'more',
    solid: 0.85,
    target: 0.97,
  },
  {
    id: 'overload-ack',
    what: 'p99 of the 202 then, from the time at which it had to be sent',
    run: 'overload',
    figure: 'ackP99Ms.median',
    better: 'less',
    solid: 1_000,
    target: 500,
    unit: 'ms',
  },
  {
    id: 'refusal',
    what: 'p99 of a refusal then',
    run: 'overload',
    figure: 'refusalP99Ms',
    better: 'less',
    solid: 20,
    target: 5,
    unit: 'ms',
  },
  {
    id: 'consume',
    what: 'consumer, to a bare `eachBatch`',
    run: 'consume',
    figure: 'ratio.median',
    better: 'more',
    solid: 0.7,
    target: 0.9,
  },
  {
    id: 'consume-produce',
    what: 'consumer whose records are published, to the slower of `eachBatch` and `sendBatch`',
    run: 'consume',
    figure: 'producingRatio.median',
    better: 'more',
    solid: 0.5,
    target: 0.7,
  },
  {
    id: 'start',
    what: 'start of the binary to its first 202',
    run: 'footprint',
    figure: 'startMs.median',
    better: 'less',
    solid: 120,
    target: 50,
    unit: 'ms',
  },
  {
    id: 'start-backlog',
    what: 'what a backlog of 1,000,000 adds to it',
    run: 'footprint',
    figure: 'backlogCostsMs',
    better: 'less',
    solid: 100,
    target: 20,
    unit: 'ms',
  },
  {
    id: 'written',
    what: 'bytes written to the disk for each of a body',
    run: 'footprint',
    figure: 'bytesPerPayloadByte',
    better: 'less',
    solid: 3,
    target: 2.2,
  },
  {
    id: 'idle-cpu',
    what: 'CPU while nothing comes',
    run: 'footprint',
    figure: 'idleCpuPercent',
    better: 'less',
    solid: 1,
    target: 0.1,
    unit: '%',
  },
  {
    id: 'wakeups',
    what: 'wake-ups a second while nothing comes',
    run: 'footprint',
    figure: 'idleWakeupsPerSecond',
    better: 'less',
    solid: 20,
    target: 2,
  },
  {
    id: 'verify',
    what: 'CPU of a verification with an HMAC (Stripe): 2.3 kB',
    run: 'verify',
    figure: 'stripeUs.median',
    better: 'less',
    solid: 10,
    target: 5,
    unit: 'µs',
  },
]

export type Verdict = 'target' | 'solid' | 'below' | 'not measured'

/** What was measured of a target. */
export function measuredOf(target: Target, results: Results): number | undefined {
  return figureOf(results, target.run, target.figure)
}

/** What a figure reaches. */
export function judge(target: Target, value: number | undefined): Verdict {
  if (value === undefined) return 'not measured'
  if (isAsGood(target, value, target.target)) return 'target'
  return isAsGood(target, value, target.solid) ? 'solid' : 'below'
}

/** Whether a figure of a target is at least as good as another one. */
export function isAsGood({ better }: Target, value: number, other: number): boolean {
  return better === 'more' ? value >= other : value <= other
}
