import { expect, test } from 'bun:test'
import { CONSUMER_TURN_MS } from '../../src/limits/consumers.ts'
import { onRecord, z } from '../../src/gateway.ts'
import { openDbWorld } from '../db/world.ts'
import { keyed, openConsumeWorld, record } from './world.ts'

test('others get their turn while records take long, of many keys or of one', async () => {
  await using db = await openDbWorld()
  const order: (number | 'other')[] = []
  const slow = onRecord(z.unknown(), ({ offset }) => {
    if (order.length === 0) setImmediate(() => order.push('other'))
    order.push(offset)
    db.clock.advance(CONSUMER_TURN_MS)
    return null
  })
  const first = Promise.withResolvers<null>()
  const routes = { 'order.created': slow, first: onRecord(z.unknown(), () => first.promise) }
  await using world = await openConsumeWorld({ events: routes }, db)
  world.assign(0)
  await world.give(...[0, 1, 2].map((n) => keyed(n, String(n))))
  expect(order).toEqual([0, 'other', 1, 2])
  order.length = 0
  const waited = record(3, { headers: { ...record(3).headers, ce_type: 'first' } })
  await world.give(waited, record(4), record(5), record(6))
  first.resolve(null)
  await world.settled()
  expect(order).toEqual([4, 'other', 5, 6])
})
