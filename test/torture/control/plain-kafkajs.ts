/**
 * A relay as people write it with kafkajs: an idempotent producer, a send for the waiting events of
 * each key, a mark for what resolved, and another try for the rest. It is clean while nothing
 * fails. After a few lost answers it takes events for published that are not, and then its
 * sequence numbers are wrong for good: nothing of it arrives any more.
 */
import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../../src/clock.ts'

const AT_ONCE_MAX = 500
const POLL_MS = 5

interface Waiting {
  readonly topic: string
  readonly id: string
  readonly key: string
  readonly value: string
}

const env = (name: string) => process.env[name] ?? ''
const topics = new Map(
  ['ONE', 'TWO'].map((name) => [
    `Bearer ${env(`INLET_EVENTS_TOKEN_${name}`)}`,
    env(`INLET_TOPIC_${name}`),
  ]),
)
const outbox = new Set<Waiting>()

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  routes: {
    '/readyz': () =>
      Response.json({ relay: { pending: outbox.size, retry: 0, blocked: 0, dead: 0 } }),
    '/events': async (request) => {
      const topic = topics.get(request.headers.get('authorization') ?? '') ?? ''
      const events = (await request.json()) as { id: string; partitionkey: string; data: object }[]
      for (const { id, partitionkey: key, data } of events) {
        outbox.add({ topic, id, key, value: JSON.stringify(data) })
      }
      return new Response(null, { status: 202 })
    },
  },
})

const producer = new Kafka({
  brokers: env('KAFKA_BROKERS').split(','),
  sasl: {
    mechanism: 'plain',
    username: env('KAFKA_SASL_USERNAME'),
    password: env('KAFKA_SASL_PASSWORD'),
  },
  logLevel: logLevel.NOTHING,
}).producer({ idempotent: true })
await producer.connect()
const url = `http://127.0.0.1:${server.port}`
console.log(JSON.stringify({ message: 'gateway.started', url, adminUrl: url }))

async function publish(events: readonly Waiting[]): Promise<void> {
  const topic = events[0]?.topic ?? ''
  const messages = events.map(({ id, key, value }) => ({ key, value, headers: { ce_id: id } }))
  try {
    await producer.send({ topic, messages })
    for (const event of events) outbox.delete(event)
  } catch {
    // They go on waiting, and are sent again with the next ones.
  }
}

for (;;) {
  const sends = Map.groupBy([...outbox].slice(0, AT_ONCE_MAX), ({ key }) => key)
  await Promise.all([...sends.values()].map(publish))
  await systemClock.sleep(POLL_MS)
}
