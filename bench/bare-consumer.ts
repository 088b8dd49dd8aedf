// The limit that consumers are measured against: kafkajs alone reads a topic from its beginning,
// parses the JSON of each record, and commits its offsets once a second, as Inlet does: after each
// batch would be slower.
// `bun bench/bare-consumer.ts <kafkajs> <brokers> <topic> <group> <records> <of these to warm up>`
import type * as Kafkajs from 'kafkajs'
import { systemClock } from '../src/clock.ts'

const COMMIT_MS = 1_000

const [kafkajs = '', brokers = '', topic = '', groupId = '', ...counts] = process.argv.slice(2)
const { Kafka, logLevel } = (await import(kafkajs)) as typeof Kafkajs
const [count = 0, warmUp = 0] = counts.map(Number)
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({
  groupId,
  maxBytes: 8 * 1024 * 1024,
  maxBytesPerPartition: 1024 * 1024,
})
const ended = Promise.withResolvers<void>()
const offsets = new Map<number, string>()
let seen = 0
let parsed = 0
let warm:
  | { readonly seen: number; readonly atMs: number; readonly cpu: NodeJS.CpuUsage }
  | undefined

async function commit(): Promise<void> {
  const positions = [...offsets].map(([partition, offset]) => ({ topic, partition, offset }))
  offsets.clear()
  if (positions.length > 0) await consumer.commitOffsets(positions)
}

const commits = setInterval(() => void commit(), COMMIT_MS)
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatch: ({ batch }) => {
    for (const { value } of batch.messages) {
      if (typeof JSON.parse(value?.toString() ?? 'null') === 'object') parsed += 1
    }
    seen += batch.messages.length
    offsets.set(batch.partition, String(Number(batch.lastOffset()) + 1))
    if (seen >= warmUp) {
      warm ??= { seen, atMs: systemClock.monotonicMs(), cpu: process.cpuUsage() }
    }
    if (seen >= count) ended.resolve()
    return Promise.resolve()
  },
})
await ended.promise
clearInterval(commits)
await commit()
const endedMs = systemClock.monotonicMs()
const { user, system } = process.cpuUsage(warm?.cpu)
await consumer.disconnect()
if (warm === undefined || parsed !== count) throw new Error(`${parsed} of ${count} records`)
const counted = seen - warm.seen
const perSecond = (1000 * counted) / (endedMs - warm.atMs)
console.log(JSON.stringify({ perSecond, cpuUs: (user + system) / counted }))
