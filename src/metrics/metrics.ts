/**
 * Every metric. docs/metrics.md is generated from this table. Labels are bounded: sources, callers
 * and consumers are configured, partitions are those that a consumer reads here, and everything
 * else is one of a fixed list.
 */
import type { Readings, SourceReading } from '../readings/readings.ts'
import { CONSUMERS } from './consumers.ts'
import type { Metric, Sample } from './metric.ts'

/** What stands for every source that is not configured. */
const UNKNOWN = '(unknown)'

const MS_PER_S = 1_000

/** One sample of something that there is one of. */
function one(value: number): readonly Sample[] {
  return [[[], value]]
}

/** Samples of each source, those without a name among them. */
function bySource(
  { sources, traffic }: Readings,
  read: (source: Pick<SourceReading, 'traffic'>) => Iterable<Sample>,
): readonly Sample[] {
  const all = [...sources, { name: UNKNOWN, traffic: traffic.unknown }]
  return all.flatMap(({ name, ...source }) =>
    [...read(source)].map(([labels, value]): Sample => [[name, ...labels], value]),
  )
}

/** The same for what only a configured source has; null where it is not known. */
function byKnownSource(
  { sources }: Readings,
  read: (source: SourceReading) => Iterable<readonly [readonly string[], Sample[1] | null]>,
): readonly Sample[] {
  return sources.flatMap((source) =>
    [...read(source)].flatMap(([labels, value]): readonly Sample[] =>
      value === null ? [] : [[[source.name, ...labels], value]],
    ),
  )
}

/** One sample for each entry of a record or a map. */
function each(counts: Readonly<Record<string, number>> | ReadonlyMap<string, number>): Sample[] {
  const entries = counts instanceof Map ? [...counts] : Object.entries(counts)
  return entries.map(([label, value]): Sample => [[label], value])
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / MS_PER_S
}

const INTAKE: readonly Metric[] = [
  {
    name: 'inlet_deliveries_total',
    kind: 'counter',
    help: 'Requests that were answered, by source (or caller of /events) and answer.',
    labels: ['source', 'outcome'],
    read: (readings) =>
      bySource(readings, ({ traffic: { deliveries } }) => {
        const { split: _, ...outcomes } = deliveries
        return each(outcomes)
      }),
  },
  {
    name: 'inlet_split_deliveries_total',
    kind: 'counter',
    help: 'Webhooks with several events in them.',
    labels: ['source'],
    read: (readings) => byKnownSource(readings, ({ traffic }) => [[[], traffic.deliveries.split]]),
  },
  {
    name: 'inlet_events_total',
    kind: 'counter',
    help: 'Events that were stored, by what became of them, and those that were known already.',
    labels: ['source', 'state'],
    read: (readings) => byKnownSource(readings, ({ traffic }) => each(traffic.events)),
  },
  {
    name: 'inlet_refused_total',
    kind: 'counter',
    help: 'Requests that were refused, by the code of the fault (docs/errors.md).',
    labels: ['source', 'code'],
    read: (readings) => bySource(readings, ({ traffic }) => each(traffic.refused)),
  },
  {
    name: 'inlet_verification_failures_total',
    kind: 'counter',
    help: 'Deliveries that were not proven, by the step that failed.',
    labels: ['source', 'step'],
    read: (readings) => byKnownSource(readings, ({ refusals }) => refusals.entries().map(toSample)),
  },
  {
    name: 'inlet_secret_deliveries_total',
    kind: 'counter',
    help: 'Deliveries that a secret proved, by its place in the configuration, 1 for the first.',
    labels: ['source', 'place'],
    read: (readings) =>
      byKnownSource(readings, ({ secretUses }) =>
        secretUses.map(({ deliveries }, at) => [[String(at + 1)], deliveries] as const),
      ),
  },
  {
    name: 'inlet_secret_last_used_timestamp_seconds',
    kind: 'gauge',
    help: 'When a secret last proved a delivery. Absent where it never did.',
    labels: ['source', 'place'],
    read: (readings) =>
      byKnownSource(readings, ({ secretUses }) =>
        secretUses.map(({ lastUsedAt }, at) => [[String(at + 1)], seconds(lastUsedAt)] as const),
      ),
  },
  {
    name: 'inlet_source_last_delivery_timestamp_seconds',
    kind: 'gauge',
    help: 'When a delivery of the source was last taken. Absent before the first.',
    labels: ['source'],
    read: (readings) =>
      byKnownSource(readings, ({ traffic }) => [[[], seconds(traffic.rhythm.lastAt)]]),
  },
  {
    name: 'inlet_source_usual_gap_seconds',
    kind: 'gauge',
    help: 'The longest pause of the source in the last eight days. Absent before it is known.',
    labels: ['source'],
    read: (readings) =>
      byKnownSource(readings, ({ traffic }) => [
        [[], seconds(traffic.rhythm.usualGapMs(readings.now))],
      ]),
  },
  {
    name: 'inlet_source_clock_skew_seconds',
    kind: 'gauge',
    help: 'By how much our clock is ahead of what the provider signs: the median of 64 deliveries.',
    labels: ['source'],
    read: (readings) => byKnownSource(readings, ({ skewMs }) => [[[], seconds(skewMs)]]),
  },
  {
    name: 'inlet_handler_seconds',
    kind: 'histogram',
    help: 'How long the handlers of a delivery took.',
    labels: ['source'],
    divisor: MS_PER_S,
    read: ({ sources }) => sources.map(({ name, traffic }) => [[name], traffic.handleMs] as const),
  },
  {
    name: 'inlet_ack_seconds',
    kind: 'histogram',
    help: 'From the begin of a request to its 2xx, when its events are on disk.',
    labels: [],
    divisor: MS_PER_S,
    read: ({ traffic }) => [[[], traffic.ackMs]],
  },
  {
    name: 'inlet_door_refused_total',
    kind: 'counter',
    help: 'Requests that were turned away for a limit, by which.',
    labels: ['reason'],
    read: ({ door }) => each(door.turnedAway),
  },
  {
    name: 'inlet_open_requests',
    kind: 'gauge',
    help: 'Requests that are being worked on.',
    labels: [],
    read: ({ door }) => one(door.openRequests),
  },
  {
    name: 'inlet_inflight_bytes',
    kind: 'gauge',
    help: 'Bytes of their bodies.',
    labels: [],
    read: ({ door }) => one(door.inflightBytes),
  },
]

const STORAGE: readonly Metric[] = [
  {
    name: 'inlet_commit_items',
    kind: 'histogram',
    help: 'Deliveries and marks in one transaction.',
    labels: [],
    read: ({ commits }) => [[[], commits.items]],
  },
  {
    name: 'inlet_sync_seconds',
    kind: 'histogram',
    help: 'How long the disk took to make a transaction durable.',
    labels: [],
    divisor: MS_PER_S,
    read: ({ commits }) => [[[], commits.syncMs]],
  },
  {
    name: 'inlet_database_bytes',
    kind: 'gauge',
    help: 'Size of the database file.',
    labels: [],
    read: ({ databaseBytes }) => one(databaseBytes),
  },
  {
    name: 'inlet_wal_bytes',
    kind: 'gauge',
    help: 'Size of its write-ahead log.',
    labels: [],
    read: ({ walBytes }) => one(walBytes),
  },
  {
    name: 'inlet_disk_free_bytes',
    kind: 'gauge',
    help: 'Space left beside the database. Absent where it is not watched.',
    labels: [],
    read: ({ door }) => (door.diskFreeBytes === null ? [] : one(door.diskFreeBytes)),
  },
]

const RELAY: readonly Metric[] = [
  {
    name: 'inlet_outbox_entries',
    kind: 'gauge',
    help: 'Records that are stored and not published, by status; of the last three 10000 at most.',
    labels: ['status'],
    read: ({ relay: { pending, retry, blocked, dead } }) => each({ pending, retry, blocked, dead }),
  },
  {
    name: 'inlet_outbox_oldest_seconds',
    kind: 'gauge',
    help: 'How long the oldest pending one has waited, at most 10 s too much.',
    labels: [],
    read: ({ relay }) => one(relay.oldestPendingMs / MS_PER_S),
  },
  {
    name: 'inlet_published_records_total',
    kind: 'counter',
    help: 'Records that Kafka acknowledged.',
    labels: [],
    read: ({ relay }) => one(relay.traffic.published),
  },
  {
    name: 'inlet_publish_batches_total',
    kind: 'counter',
    help: 'Batches that they were published in.',
    labels: [],
    read: ({ relay }) => one(relay.traffic.batches),
  },
  {
    name: 'inlet_publish_sends_total',
    kind: 'counter',
    help: 'Sends to Kafka, tries again among them.',
    labels: [],
    read: ({ relay }) => one(relay.sends),
  },
  {
    name: 'inlet_publish_failures_total',
    kind: 'counter',
    help: 'Sends that failed as a whole: Kafka did not answer.',
    labels: [],
    read: ({ relay }) => one(relay.failedSends),
  },
  {
    name: 'inlet_outbox_set_aside_total',
    kind: 'counter',
    help: 'Records that left the straight path, and tries of such, by what they came to.',
    labels: ['status'],
    read: ({ relay }) => each(relay.traffic.setAside),
  },
  {
    name: 'inlet_outbox_settled_total',
    kind: 'counter',
    help: 'Those of them that are published now.',
    labels: [],
    read: ({ relay }) => one(relay.traffic.settled),
  },
  {
    name: 'inlet_kafka_up',
    kind: 'gauge',
    help: 'Whether Kafka answered last: 0 or 1.',
    labels: [],
    read: ({ relay }) => one(relay.state === 'up' ? 1 : 0),
  },
  {
    name: 'inlet_redis_up',
    kind: 'gauge',
    help: 'Whether Redis answers: 0 or 1. Absent where there is none.',
    labels: [],
    read: ({ redis }) => (redis === undefined ? [] : one(redis.isUp ? 1 : 0)),
  },
  {
    name: 'inlet_redis_claims_total',
    kind: 'counter',
    help: 'What Redis said of events, by how it ended; `skipped`: it was not asked in time.',
    labels: ['result'],
    read: ({ redis }) => each(redis?.claims ?? {}),
  },
]

const PROCESS: readonly Metric[] = [
  {
    name: 'inlet_alarm',
    kind: 'gauge',
    help: '1 while an alarm is raised.',
    labels: ['name', 'subject'],
    read: ({ alarms }) => alarms.map(({ name, subject }) => [[name, subject], 1] as const),
  },
  {
    name: 'inlet_event_loop_delay_seconds',
    kind: 'gauge',
    help: 'How late timers were within the last 10 s.',
    labels: ['statistic'],
    read({ eventLoop: { p50Ms, p99Ms, maxMs } }) {
      return [
        [['p50'], p50Ms / MS_PER_S],
        [['p99'], p99Ms / MS_PER_S],
        [['max'], maxMs / MS_PER_S],
      ]
    },
  },
  {
    name: 'inlet_build_info',
    kind: 'gauge',
    help: 'Always 1: which version runs.',
    labels: ['version'],
    read: ({ version }) => [[[version], 1]],
  },
  {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    help: 'Memory of the process.',
    labels: [],
    read: ({ rssBytes }) => one(rssBytes),
  },
  {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    help: 'Time that the process spent on a processor.',
    labels: [],
    read: ({ cpuMs }) => one(cpuMs / MS_PER_S),
  },
  {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    help: 'When the process began.',
    labels: [],
    read: ({ startedAt }) => one(startedAt / MS_PER_S),
  },
]

export const METRICS: readonly Metric[] = [
  ...INTAKE,
  ...STORAGE,
  ...RELAY,
  ...CONSUMERS,
  ...PROCESS,
]

function toSample([label, value]: readonly [string, number]): readonly [readonly string[], number] {
  return [[label], value]
}
