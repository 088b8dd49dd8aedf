/**
 * The relay without parking: whatever Kafka refuses is taken for an outage, and waited out. One
 * record that can never be published then holds up all others, which the torture suite must catch.
 * Storage, relay and producer are the real ones.
 */
import { join } from 'node:path'
import { openDedup } from '../../../db/dedup.ts'
import { DATABASE_FILE, openDatabase, openReader } from '../../../db/open.ts'
import { openOutbox } from '../../../db/outbox.ts'
import { openWriter } from '../../../db/writer.ts'
import { systemClock } from '../../../src/clock.ts'
import { GatewayError, messageOf } from '../../../src/faults/faults.ts'
import { openKafkaPublisher } from '../../../src/kafka/producer.ts'
import { silentLog } from '../../../src/log.ts'
import { runRelay } from '../../../src/relay/relay.ts'
import { NO_INTAKE, openSynced } from '../../../src/relay/synced.ts'
import { RETENTION_MS } from '../../db/world.ts'
import { bytes, sampleEvent } from '../../support/stored.ts'

const env = (name: string) => process.env[name] ?? ''
const topics = new Map(
  ['GOOD', 'STRAY'].map((name) => [
    `Bearer ${env(`INLET_EVENTS_TOKEN_${name}`)}`,
    env(`INLET_TOPIC_${name}`),
  ]),
)

const path = join(process.cwd(), 'data', DATABASE_FILE)
const database = openDatabase({ path, clock: systemClock })
const dedup = openDedup(database, { retentionMs: RETENTION_MS })
const writer = openWriter({ database, dedup, onFatal: () => process.exit(1) })
const outbox = openOutbox(openReader(path))
const synced = openSynced(0, systemClock)
writer.onSynced((seq) => synced.advance(seq, NO_INTAKE))

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  routes: {
    '/readyz': () => Response.json({ relay: outbox.lag() }),
    '/events': async (request) => {
      const topic = topics.get(request.headers.get('authorization') ?? '') ?? ''
      const events = (await request.json()) as { id: string; partitionkey: string; data: object }[]
      const stored = events.map(({ id, partitionkey: key, data }) => {
        const records = [{ topic, key, headers: null, value: null }]
        return sampleEvent(id, { body: bytes(JSON.stringify(data)), records })
      })
      await writer.commitAll(stored)
      return new Response(null, { status: 202 })
    },
  },
})
const url = `http://127.0.0.1:${server.port}`
console.log(JSON.stringify({ message: 'gateway.started', url, adminUrl: url }))

const common = { clock: systemClock, log: silentLog }
const kafka = openKafkaPublisher({
  ...common,
  brokers: env('KAFKA_BROKERS').split(','),
  clientId: 'no-parking',
  compression: 'none',
})
await runRelay(
  {
    ...common,
    outbox,
    synced,
    publisher: {
      publish: (records) =>
        kafka.publish(records).catch((error: unknown) => {
          throw new GatewayError('BROKER_UNAVAILABLE', messageOf(error))
        }),
    },
    mark: (mark) => writer.mark(mark),
    report() {},
  },
  { poisonPolicy: 'continue' },
  new AbortController().signal,
)
