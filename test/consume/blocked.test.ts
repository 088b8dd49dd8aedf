/** What a consumer does with what ran when the watchdog ended processes before. */
import { expect, test } from 'bun:test'
import type { ConsumedEvent } from '../../src/consumer.ts'
import { CONSUMER_ABORT_MS_MAX } from '../../src/limits/consumers.ts'
import { aggregate, onRecord, tumbling, z } from '../../src/gateway.ts'
import { HANDLER_BLOCKS_MAX } from '../../src/limits/watchdog.ts'
import { handlerWatch } from '../support/handler-watch.ts'
import { keyed, openConsumeWorld, record, TOPIC } from './world.ts'

const Order = z.object({ n: z.int() })
const GIVEN_UP = HANDLER_BLOCKS_MAX

function blocked(ends: Readonly<Record<string, number>>) {
  return handlerWatch(
    Object.fromEntries(Object.entries(ends).map(([id, n]) => [`consumer:doubling ${id}`, n])),
  )
}

test('a record is handed over until too many processes ended, and then a dead letter', async () => {
  const double = onRecord(Order, ({ data }) => ({ topic: 'doubled', value: 2 * data.n }))
  const watchdog = blocked({ 'orders shop event-0': GIVEN_UP - 1, 'orders shop event-1': GIVEN_UP })
  await using world = await openConsumeWorld({ events: { '*': double } }, undefined, watchdog)
  world.assign(0)
  await world.give(record(0), record(1), record(2))

  expect(world.published()).toMatchObject([
    { topic: 'doubled', text: '0', state: 'accepted' },
    {
      topic: 'orders.dead',
      state: 'failed',
      eventId: 'orders shop event-1',
      headers: { 'inlet-dead-code': 'HANDLER_BLOCKED', 'inlet-dead-attempts': '3' },
    },
    { topic: 'doubled', text: '4', state: 'accepted' },
  ])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 3 }])
})

test('one that may have ended a process runs alone, once what runs has ended', async () => {
  const begun: number[] = []
  const ends = new Map<number, () => void>()
  const route = onRecord(Order, async ({ offset }: ConsumedEvent<unknown>) => {
    begun.push(offset)
    await new Promise<void>((resolve) => ends.set(offset, resolve))
    return null
  })
  const watchdog = blocked({ 'orders shop event-1': 1, 'orders shop event-2': 1 })
  await using world = await openConsumeWorld({ events: { '*': route } }, undefined, watchdog)
  world.assign(0)
  await world.give(...['a', 'b', 'c', 'd', 'e'].map((key, n) => keyed(n, key)))
  const seen: (readonly number[])[] = [[...begun]]
  for (const offset of [0, 1, 2, 3, 4]) {
    ends.get(offset)?.()
    await world.settled()
    seen.push(begun.splice(0))
  }

  expect(seen).toEqual([[0], [0, 1], [2], [3, 4], [], []])
  expect(watchdog.endsOf('consumer:doubling', 'orders shop event-1')?.isCleared).toBe(true)
})

test('one that is stopped before its turn is not run, and fetched again', async () => {
  const begun: number[] = []
  const route = onRecord(Order, ({ offset, signal }: ConsumedEvent<unknown>) => {
    begun.push(offset)
    return new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)))
  })
  const watchdog = blocked({ 'orders shop event-0': 1, 'orders shop event-1': 1 })
  await using world = await openConsumeWorld({ events: { '*': route } }, undefined, watchdog)
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'b'))
  await world.stop()

  expect(begun).toEqual([0])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 1 }])
})

test('a handler that runs on after its time is watched to its end', async () => {
  let left = 0
  const watchdog = { ...handlerWatch(), leave: () => void (left += 1) }
  const end = Promise.withResolvers<null>()
  const route = onRecord(Order, () => end.promise)
  const definition = { timeoutMs: 1_000, retry: { triesMax: 1 }, events: { '*': route } }
  await using world = await openConsumeWorld(definition, undefined, watchdog)
  world.assign(0)
  await world.give(record(0))
  await world.pass(1_000)
  await world.pass(CONSUMER_ABORT_MS_MAX)
  expect(world.published()).toMatchObject([{ topic: 'orders.dead' }])
  expect(left).toBe(0)
  end.resolve(null)
  await world.settled()

  expect(left).toBe(1)
})

test('a window whose onClose never returned is kept as a failed event, and others close', async () => {
  const Ids = z.array(z.int())
  const closed: string[] = []
  const window = {
    over: tumbling('10ms'),
    onClose: ({ key }: { readonly key: string }) => {
      closed.push(key)
      return null
    },
  }
  const events = {
    '*': aggregate(z.object({ at: z.int() }), Ids, (ids = [], { data }) => [...ids, data.at], {
      eventTime: ({ data }) => data.at,
    }),
  }
  const watchdog = blocked({ 'window orders/0 0-10 a': GIVEN_UP })
  const definition = { state: Ids, window: { ...window, outOfOrderness: '1ms' as const }, events }
  await using world = await openConsumeWorld(definition, undefined, watchdog)
  world.assign(0)
  const at = (ms: number) => new TextEncoder().encode(JSON.stringify({ at: ms }))
  const given = [keyed(0, 'a'), keyed(1, 'b'), keyed(2, 'c')]
  await world.give(...given.map((each, n) => ({ ...each, value: at(n === 2 ? 50 : 5) })))

  expect(closed).toEqual(['b'])
  const rows = world.db.database.client.query(
    "SELECT state, key, reason FROM inbox WHERE type = 'window.closed' ORDER BY key",
  )
  expect(rows.all()).toMatchObject([
    { key: 'a', state: 'failed', reason: expect.stringMatching(/^HANDLER_BLOCKED: /) },
    { key: 'b', state: 'ignored' },
  ])
})
