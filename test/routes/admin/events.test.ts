import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { EventDetail, EventsPage, OutboxPage } from '../../../src/admin-api/events.ts'
import { systemClock } from '../../../src/clock.ts'
import { openLog } from '../../../src/stdout-log.ts'
import { openQueryThread, type QueryThread } from '../../../src/wiring/query-thread.ts'
import { openDbWorld, type DbWorld } from '../../db/world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../../support/stored.ts'
import { openAdmin } from './world.ts'

const HOSTILE = '<script>alert(1)</script>\u2028"\\'

describe('stored events over HTTP', () => {
  let world: DbWorld
  let thread: QueryThread
  let ask: ReturnType<typeof openAdmin>['ask']

  beforeAll(async () => {
    world = await openDbWorld()
    const log = openLog('silent', 'gateway')
    thread = openQueryThread({ clock: systemClock, log, path: world.path })
    ;({ ask } = openAdmin({
      ports: {
        events: {
          search: (asked) => thread.ask('search', { ...asked, order: 'newest', msMax: 250 }),
          event: (seq) => thread.ask('event', seq),
          body: (seq) => thread.ask('body', seq),
        },
        outbox: { list: (query) => thread.ask('outbox', query) },
      },
    }))
    const record = { topic: 't', key: 'k', headers: '{"inlet-replay":"r1"}', value: null }
    await world.writer.commit(sampleEvent('e1', { receivedAt: Date.UTC(2026, 0, 1) }))
    await world.writer.commit(
      sampleEvent('e2', { receivedAt: Date.UTC(2026, 0, 2), body: bytes(HOSTILE) }),
    )
    await world.writer.commit(
      sampleEvent('e3', {
        source: 'shop',
        receivedAt: Date.UTC(2026, 0, 3),
        headers: `{"traceparent":"00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01"}`,
        records: [record, { ...record, value: bytes('own') }],
      }),
    )
    for (const status of ['blocked', 'dead'] as const) {
      const exceptions = [sampleException(1, { status }), sampleException(3, { status })]
      await world.writer.mark(sampleMark(status === 'blocked' ? 0 : 3, 3, { exceptions }))
    }
  })
  afterAll(async () => {
    thread.close()
    await world[Symbol.asyncDispose]()
  })

  async function seqsOf(query: string) {
    const { body } = await ask(`/api/events?${query}`)
    return EventsPage.parse(body).events.map(({ seq }) => seq)
  }

  test('are found by what is asked for', async () => {
    expect(await seqsOf('')).toEqual([3, 2, 1])
    expect(await seqsOf('source=github&records=dead')).toEqual([1])
    expect(await seqsOf('since=2026-01-02T00:00:00Z&until=2026-01-03T01:00:00%2B01:00')).toEqual([
      2,
    ])
    expect(await seqsOf(`text=${encodeURIComponent('<script>')}`)).toEqual([2])
    expect(await seqsOf('id=e2')).toEqual([2])
    expect(await seqsOf('limit=1&before=3')).toEqual([2])
  })

  test('a page says where the next one begins', async () => {
    const { body } = await ask('/api/events?limit=2')
    expect(body).toMatchObject({ nextBefore: 2, searched: { seq: 2, isComplete: false } })
  })

  test('a query that cannot be meant is refused, and says why', async () => {
    const bad = {
      'limit=501': 'limit',
      'limit=x': 'limit',
      'state=lost': 'state',
      'since=yesterday': 'since',
      'sauce=github': 'sauce',
      'text=': 'text',
      [`id=${'x'.repeat(600)}`]: 'id',
    }
    for (const [query, name] of Object.entries(bad)) {
      const { status, body } = await ask(`/api/events?${query}`)
      expect([status, body['code']]).toEqual([400, 'REQUEST_MALFORMED'])
      expect(String(body['detail'])).toContain(name)
    }
    expect((await ask('/api/events/x')).status).toBe(400)
    expect((await ask('/api/events/99')).body).toMatchObject({ code: 'EVENT_UNKNOWN', status: 404 })
  })

  test('one is shown in full', async () => {
    const { body, headers } = await ask('/api/events/3')
    const event = EventDetail.parse(body)

    expect(headers.get('content-type')).toBe('application/json')
    expect(event.traceId).toBe('ab'.repeat(16))
    expect(event.records.map(({ seq, status, replay }) => [seq, status, replay])).toEqual([
      [3, 'dead', 'r1'],
      [4, 'pending', 'r1'],
    ])
    expect(event.records.map(({ valueBase64 }) => valueBase64)).toEqual([null, btoa('own')])
    expect(EventDetail.parse((await ask('/api/events/2')).body).bodyBase64).toBe(
      Buffer.from(HOSTILE).toString('base64'),
    )
  })

  test('bytes are saved as they came, and never shown', async () => {
    const { text, headers } = await ask('/api/events/2/body')

    expect(text).toBe(HOSTILE)
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toBe('attachment; filename="inlet-2.bin"')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('what is not on its topic is listed by status, topic and source', async () => {
    const entries = async (query: string) => {
      const page = OutboxPage.parse((await ask(`/api/outbox?${query}`)).body)
      return [page.entries.map(({ seq }) => seq), page.nextAfter]
    }

    expect(await entries('')).toEqual([[], null])
    expect(await entries('status=dead')).toEqual([[1, 3], null])
    expect(await entries('status=dead&limit=1')).toEqual([[1], 1])
    expect(await entries('status=dead&limit=1&after=1')).toEqual([[3], 3])
    expect(await entries('status=dead&source=shop')).toEqual([[3], null])
    expect(await entries('status=dead&topic=webhooks.github')).toEqual([[1], null])
    expect(await entries('status=pending')).toEqual([[4], null])
    expect((await ask('/api/outbox')).body).toMatchObject({
      counts: { pending: 1, retry: 0, blocked: 0, dead: 2 },
    })
  })
})
