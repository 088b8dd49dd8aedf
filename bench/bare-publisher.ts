// The limit that e2e is measured against: kafkajs alone, produce → consume. Reads the body, hands
// it to kafkajs and answers 202 at once, so that the time from the 202 is that from the hand-over.
// What comes while a batch is on its way goes into the next, and so does what comes in the first
// millisecond after it. Nothing is checked, nothing is kept.
// `bun bench/bare-publisher.ts <port> <kafkajs> <brokers> <topic>`
import type * as Kafkajs from 'kafkajs'
import { systemClock } from '../src/clock.ts'

/**
 * As Kafka's own producer gathers with `linger.ms`. Of 0, 1, 2 and 4 it is the fastest: at once the
 * many small sends keep all of the broker's core busy, and at half load p50 is 5.6 ms for 5.0.
 */
const GATHER_MS = 1

const [port, kafkajs = '', brokers = '', topic = ''] = process.argv.slice(2)
const { Kafka, logLevel } = (await import(kafkajs)) as typeof Kafkajs
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
await producer.connect()

let waiting: Kafkajs.Message[] = []
let isSending = false
let sent = 0

async function sendWaiting(): Promise<void> {
  isSending = true
  while (waiting.length > 0) {
    await systemClock.sleep(GATHER_MS)
    const messages = waiting
    waiting = []
    await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] })
  }
  isSending = false
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  routes: {
    '/hooks/:source': {
      async POST(request) {
        const value = Buffer.from(await request.arrayBuffer())
        waiting.push({ key: String((sent += 1)), value })
        if (!isSending) void sendWaiting()
        return new Response(null, { status: 202 })
      },
    },
  },
  fetch: () => new Response(null, { status: 204 }),
})
process.once('SIGTERM', () => {
  void server.stop(true)
  void producer.disconnect()
})
