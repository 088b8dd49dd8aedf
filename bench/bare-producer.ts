// The limit that the relay is measured against: kafkajs alone sends records that are in memory.
// `bun bench/bare-producer.ts <kafkajs> <brokers> <topic> <records file>`, batch after batch.
import type * as Kafkajs from 'kafkajs'
import { systemClock } from '../src/clock.ts'
import { RecordsFile } from './records-file.ts'

const [kafkajs = '', brokers = '', topic = '', path = ''] = process.argv.slice(2)
const { Kafka, logLevel } = (await import(kafkajs)) as typeof Kafkajs
const { batches } = RecordsFile.parse(await Bun.file(path).json())
const encoded = batches.map((batch) =>
  batch.map(({ value, ...message }) => ({ ...message, value: Buffer.from(value) })),
)

const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
await producer.connect()
const [first = [], ...others] = encoded
await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages: first }] })
const startedMs = systemClock.monotonicMs()
for (const messages of others) {
  await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] })
}
const seconds = (systemClock.monotonicMs() - startedMs) / 1000
await producer.disconnect()
console.log(JSON.stringify({ perSecond: others.flat().length / seconds }))
