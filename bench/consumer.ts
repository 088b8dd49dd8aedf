import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import { randomToken } from '../src/ids.ts'

/** A consumer in this process that notes when it saw what. */
export interface Consumer extends AsyncDisposable {
  /** When each record was seen, in ms since 1970, by what `nameOf` says of it. */
  readonly seenAtMs: ReadonlyMap<string, number>
}

export interface ConsumerOptions {
  readonly brokers: string
  readonly topics: readonly string[]
  /** What a record is known by. */
  readonly nameOf: (value: Buffer) => string
}

/** Starts a consumer, and waits until it has its partitions. */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { nameOf } = options
  // A broker that is new has no coordinator for a moment: kafkajs asks again.
  const kafka = new Kafka({ brokers: options.brokers.split(','), logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: `bench-${randomToken()}` })
  const joined = Promise.withResolvers<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  const seenAtMs = new Map<string, number>()
  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      // The clock of `Date.now()`, which the generator reads too, but to the microsecond.
      const atMs = performance.timeOrigin + systemClock.monotonicMs()
      for (const { value } of batch.messages) {
        if (value !== null) seenAtMs.set(nameOf(value), atMs)
      }
      return Promise.resolve()
    },
  })
  await joined.promise
  return { seenAtMs, [Symbol.asyncDispose]: () => consumer.disconnect() }
}
