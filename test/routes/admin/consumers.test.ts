import { describe, expect, test } from 'bun:test'
import { Consumers } from '../../../src/admin-api/consumers.ts'
import type { ConsumerStatus } from '../../../src/consumer-status.ts'
import { resolveConsumers } from '../../../src/loading/consumers.ts'
import { defineConsumer } from '../../../src/gateway.ts'
import { openAdmin } from './world.ts'

const consumers = resolveConsumers([
  {
    file: '/etc/inlet/handlers/alerts.ts',
    definition: defineConsumer('alerts', { topics: ['webhooks.stripe', /^shop\./], events: {} }),
  },
  {
    file: '/etc/inlet/handlers/idle.ts',
    definition: defineConsumer('idle', { topics: ['idle'], events: {} }),
  },
])

const STATUS: ConsumerStatus = {
  state: 'running',
  reason: null,
  tally: {
    processed: 5,
    duplicates: 1,
    passed: 2,
    dead: 3,
    lost: 6,
    attempts: 9,
    retries: 4,
    restarts: 0,
    fetchedAt: Date.UTC(2026, 0, 1),
    deadAt: Date.UTC(2026, 0, 2),
    lostAt: null,
  },
  partitions: [
    { topic: 'shop.a', partition: 1, position: 9, highWatermark: 10, lag: 1, unfinished: 0 },
    { topic: 'shop.a', partition: 0, position: 4, highWatermark: 6, lag: 2, unfinished: 1 },
  ],
}

/** What stands behind the API, and what it was told. */
function open() {
  const told: unknown[] = []
  const { ask } = openAdmin({
    ports: {
      consumers: {
        consumers: () => consumers,
        status: (name) => (name === 'alerts' ? STATUS : undefined),
        pause: (name) => void told.push(['pause', name]),
        resume: (name) => void told.push(['resume', name]),
        seek(name, places, target) {
          told.push(['seek', name, places, target])
          return Promise.resolve(name === 'alerts' ? 2 : 0)
        },
        adopt(name) {
          told.push(['adopt', name])
          return Promise.resolve()
        },
      },
    },
  })
  const seek = (json: unknown, name = 'alerts') =>
    ask(`/api/consumers/${name}/seek`, { method: 'POST', json })
  return { ask, seek, told }
}

test('every consumer is listed with its lag, and one that does not run with the reason', async () => {
  const { body } = await open().ask('/api/consumers')
  expect(Consumers.parse(body).consumers).toMatchObject([
    {
      name: 'alerts',
      file: 'alerts.ts',
      topics: ['webhooks.stripe', String.raw`/^shop\./`],
      group: 'inlet.alerts',
      state: 'running',
      lag: 3,
      processed: 5,
      fetchedAt: '2026-01-01T00:00:00.000Z',
      deadAt: '2026-01-02T00:00:00.000Z',
      lostAt: null,
      partitions: [{ partition: 0, position: 4 }, { partition: 1 }],
    },
    { name: 'idle', state: 'stopped', reason: expect.stringContaining('Kafka'), partitions: [] },
  ])
})

describe('POST /api/consumers/:name', () => {
  test('pauses and resumes the one that is named, and no other', async () => {
    const { ask, told } = open()
    const statuses = [
      await ask('/api/consumers/alerts/pause', { method: 'POST' }),
      await ask('/api/consumers/alerts/resume', { method: 'POST' }),
      await ask('/api/consumers/nobody/pause', { method: 'POST' }),
    ].map(({ status, body }) => [status, body['code'] ?? body['name']])
    expect(statuses).toEqual([
      [200, 'alerts'],
      [200, 'alerts'],
      [404, 'CONSUMER_UNKNOWN'],
    ])
    expect(told).toEqual([
      ['pause', 'alerts'],
      ['resume', 'alerts'],
    ])
  })

  test('seeks to an end, to a time and to an offset', async () => {
    const { seek, told } = open()
    await seek({ to: 'latest' })
    await seek({ to: '2026-01-01T00:00:00Z', topic: 'shop.a' })
    const { body } = await seek({ to: 7, topic: 'shop.a', partition: 1 })
    expect(body).toEqual({ partitions: 2 })
    expect(told).toEqual([
      ['seek', 'alerts', {}, 'latest'],
      ['seek', 'alerts', { topic: 'shop.a' }, { at: Date.UTC(2026, 0, 1) }],
      ['seek', 'alerts', { topic: 'shop.a', partition: 1 }, 7],
    ])
  })

  test('has the one that is named go on with what this database has', async () => {
    const { ask, told } = open()
    const { status, body } = await ask('/api/consumers/alerts/adopt', { method: 'POST' })
    expect([status, body['name']]).toEqual([200, 'alerts'])
    expect(told).toEqual([['adopt', 'alerts']])
  })

  test('refuses an offset of no partition, and a partition that nobody reads here', async () => {
    const { seek, told } = open()
    const [loose, unread] = [await seek({ to: 7 }), await seek({ to: 'latest' }, 'idle')]
    expect([loose.status, loose.body['code']]).toEqual([400, 'REQUEST_MALFORMED'])
    expect([unread.status, unread.body['code']]).toEqual([409, 'PARTITION_UNREAD'])
    expect(unread.body['detail']).toContain('consumers need Kafka')
    expect(told).toHaveLength(1)
  })
})
