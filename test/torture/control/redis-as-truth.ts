/**
 * A gateway as people write it with Redis as the truth: SET NX first, then the event is published.
 * A claim whose reply is lost makes the next try a duplicate of nothing: the event is eaten. What
 * the torture suite must catch.
 */
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'

const DAY_S = 24 * 60 * 60

const env = (name: string) => process.env[name] ?? ''
const redis = new Redis(env('REDIS_URL'), { maxRetriesPerRequest: 1 })
redis.on('error', () => {}) // each command that fails says so itself
const producer = new Kafka({
  brokers: [env('KAFKA_BROKERS')],
  logLevel: logLevel.NOTHING,
}).producer()
await producer.connect()

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  routes: {
    '/readyz': () => Response.json({ relay: { pending: 0 } }),
    '/hooks/github': async (request) => {
      const id = request.headers.get('x-github-delivery') ?? ''
      try {
        const isNew = await redis.set(`seen:${id}`, '1', 'EX', DAY_S, 'NX')
        if (isNew === null) return new Response(null, { status: 200 })
      } catch {
        return new Response(null, { status: 500 })
      }
      const value = await request.text()
      const messages = [{ key: id, value, headers: { ce_id: id } }]
      await producer.send({ topic: env('INLET_TOPIC_GITHUB'), messages })
      return new Response(null, { status: 202 })
    },
  },
})
const url = `http://127.0.0.1:${server.port}`
console.log(JSON.stringify({ message: 'gateway.started', url, adminUrl: url }))
