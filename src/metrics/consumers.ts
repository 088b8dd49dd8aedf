import type { ConsumerReading, Readings } from '../readings/readings.ts'
import type { Metric, Sample } from './metric.ts'

/** Samples of each consumer that runs. */
function byConsumer(
  { consumers }: Readings,
  read: (consumer: ConsumerReading) => readonly Sample[],
): readonly Sample[] {
  return consumers.flatMap((consumer) =>
    read(consumer).map(([labels, value]): Sample => [[consumer.name, ...labels], value]),
  )
}

/** What is measured of consumers: a part of the table in metrics.ts. */
export const CONSUMERS: readonly Metric[] = [
  {
    name: 'inlet_consumer_up',
    kind: 'gauge',
    help: 'Whether the consumer reads: 0 or 1. Absent where it does not run here.',
    labels: ['consumer'],
    read: (readings) => byConsumer(readings, ({ state }) => [[[], state === 'running' ? 1 : 0]]),
  },
  {
    name: 'inlet_consumer_lag_records',
    kind: 'gauge',
    help: 'Records in Kafka that are not processed, of each partition that is read here.',
    labels: ['consumer', 'topic', 'partition'],
    read: (readings) =>
      byConsumer(readings, ({ partitions }) =>
        partitions.map(({ topic, partition, lag }): Sample => [[topic, String(partition)], lag]),
      ),
  },
  {
    name: 'inlet_consumer_records_total',
    kind: 'counter',
    help: 'Records that are done with; `duplicates`: processed before, `passed`: no route.',
    labels: ['consumer', 'outcome'],
    read: (readings) =>
      byConsumer(readings, ({ tally: { processed, duplicates, passed, dead } }) =>
        Object.entries({ processed, duplicates, passed, dead }).map(([outcome, count]): Sample => [
          [outcome],
          count,
        ]),
      ),
  },
  {
    name: 'inlet_consumer_lost_offsets_total',
    kind: 'counter',
    help: 'Offsets that Kafka deleted before they were read: at most so many records.',
    labels: ['consumer'],
    read: (readings) => byConsumer(readings, ({ tally }) => [[[], tally.lost]]),
  },
  {
    name: 'inlet_consumer_attempts_total',
    kind: 'counter',
    help: 'Tries of handlers that began.',
    labels: ['consumer'],
    read: (readings) => byConsumer(readings, ({ tally }) => [[[], tally.attempts]]),
  },
  {
    name: 'inlet_consumer_retries_total',
    kind: 'counter',
    help: 'Tries that failed and are made again.',
    labels: ['consumer'],
    read: (readings) => byConsumer(readings, ({ tally }) => [[[], tally.retries]]),
  },
  {
    name: 'inlet_consumer_restarts_total',
    kind: 'counter',
    help: 'How often the consumer ended by itself, and began anew.',
    labels: ['consumer'],
    read: (readings) => byConsumer(readings, ({ tally }) => [[[], tally.restarts]]),
  },
  {
    name: 'inlet_consumer_last_fetch_timestamp_seconds',
    kind: 'gauge',
    help: 'When records were last fetched. Absent before the first.',
    labels: ['consumer'],
    read: (readings) =>
      byConsumer(readings, ({ tally: { fetchedAt } }) =>
        fetchedAt === null ? [] : [[[], fetchedAt / 1_000]],
      ),
  },
]
