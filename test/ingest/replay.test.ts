import { expect, test } from 'bun:test'
import type { Caller } from '../../src/caller.ts'
import { on, RetryableError, z, type Event } from '../../src/gateway.ts'
import { replay, type ReplayedEvent, type ReplayPorts } from '../../src/ingest/replay.ts'
import type { Route } from '../../src/route.ts'
import { bytes } from '../support/stored.ts'
import { manualClock } from '../support/manual-clock.ts'

const stored: ReplayedEvent = {
  seq: 1,
  source: 'shop',
  eventId: '/s e1',
  type: 'order.placed',
  key: 'order-1',
  contentType: 'application/json',
  receivedAt: 0,
  body: bytes('{"n":1}'),
  headers: '{"ce_id":"e1","ce_source":"/s","ce_type":"order.placed","user-agent":"x"}',
}

function ports(route: Route): ReplayPorts {
  const caller: Caller = { name: 'shop', tokenHashes: [], file: undefined, route: () => route }
  return {
    clock: manualClock(),
    handlerMsMax: 800,
    source: () => undefined,
    caller: (name) => (name === caller.name ? caller : undefined),
    parse: () => ({ kind: 'opaque' }),
  }
}

test('an event of a caller is handled with its attributes, and its record says them', async () => {
  const seen: Event<unknown>[] = []
  const route = on(z.object({ n: z.int() }), (event) => {
    seen.push(event)
    return { topic: 'orders' }
  })
  expect(await replay(stored, ports(route))).toEqual({
    state: 'accepted',
    reason: null,
    records: [
      {
        topic: 'orders',
        key: 'order-1',
        headers: '{"ce_id":"e1","ce_source":"/s","ce_type":"order.placed"}',
        value: null,
      },
    ],
  })
  expect(seen[0]).toMatchObject({
    data: { n: 1 },
    attributes: { id: 'e1', source: '/s', type: 'order.placed' },
  })
})

test('an event without data is handled as one', async () => {
  const empty = { ...stored, body: bytes(''), contentType: '' }
  const route = on(z.undefined(), () => null)
  expect(await replay(empty, ports(route))).toMatchObject({ state: 'ignored' })
})

test('data that no longer fits is invalid, and says where', async () => {
  const route = on(z.object({ n: z.string() }), () => null)
  expect(await replay(stored, ports(route))).toMatchObject({
    state: 'invalid',
    reason: expect.stringContaining('SCHEMA_MISMATCH: n: ') as string,
  })
})

test('a handler that asks for another try gets none: who replays sees it', async () => {
  const route = on(z.unknown(), () => {
    throw new RetryableError('not yet')
  })
  expect(await replay(stored, ports(route))).toEqual({
    state: 'failed',
    reason: 'HANDLER_FAILED: not yet',
    records: [],
  })
})

test('an event that nobody serves any more is failed', async () => {
  const served = ports({ topic: 'orders' })
  const gone = { state: 'failed', reason: 'SOURCE_UNKNOWN: "old" is no longer configured' }
  expect(await replay({ ...stored, source: 'old' }, served)).toMatchObject(gone)
  expect(await replay({ ...stored, source: 'old', headers: null }, served)).toMatchObject(gone)
})
