import { expect, test } from 'bun:test'
import type { ConsumedEvent } from '../../src/consumer.ts'
import {
  CONSUMER_ENDS_MS,
  CONSUMER_IDLE_MS_MIN,
  CONSUMER_PARTITION_RECORDS_MAX,
  CONSUMER_ROOM_MS_MAX,
} from '../../src/limits/consumers.ts'
import { aggregate, FinalError, onRecord, RetryableError, tumbling, z } from '../../src/gateway.ts'
import { openDbWorld } from '../db/world.ts'
import { END, keyed, openConsumeWorld, record, TOPIC } from './world.ts'

const Order = z.object({ n: z.int() })
const double = onRecord(Order, ({ data }) => ({ topic: 'doubled', value: 2 * data.n }))
const RETRY = { triesMax: 3, retryableTriesMax: 4, baseMs: 1_000, maxMs: 1_000 }

/** A handler whose calls the test ends, by offset. */
function held() {
  const calls = new Map<number, PromiseWithResolvers<{ topic: string; value: number } | null>>()
  const signals = new Map<number, AbortSignal>()
  const begun: number[] = []
  const route = onRecord(z.unknown(), ({ offset, signal }: ConsumedEvent<unknown>) => {
    const call = Promise.withResolvers<{ topic: string; value: number } | null>()
    calls.set(offset, call)
    signals.set(offset, signal)
    begun.push(offset)
    return call.promise
  })
  return {
    route,
    begun,
    signals,
    end: (offset: number) => calls.get(offset)?.resolve({ topic: 'out', value: offset }),
    fail: (offset: number, error: Error) => calls.get(offset)?.reject(error),
  }
}

test('what a handler returns and the position are on disk together, and Kafka is told after', async () => {
  await using world = await openConsumeWorld({ events: { 'order.created': double } })
  expect(world.assign(0)).toBe('earliest')
  await world.give(record(0), record(1))
  expect(world.published()).toMatchObject([
    { topic: 'doubled', key: 'key', text: '0', state: 'accepted', eventId: 'orders shop event-0' },
    { topic: 'doubled', key: 'key', text: '2', state: 'accepted', eventId: 'orders shop event-1' },
  ])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 2 }])
  expect(world.told).toEqual([])
  await world.pass(1_000)
  expect(world.told).toEqual([{ topic: TOPIC, partition: 0, offset: 2 }])
})

test('records of one key come one after the other, those of others meanwhile', async () => {
  const handler = held()
  await using world = await openConsumeWorld({ events: { '*': handler.route } })
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'a'), keyed(2, 'b'))
  expect(handler.begun).toEqual([0, 2])
  handler.end(2)
  await world.settled()
  expect(handler.begun).toEqual([0, 2])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 0 }])
  handler.end(0)
  await world.settled()
  expect(handler.begun).toEqual([0, 2, 1])
  handler.end(1)
  await world.settled()
  expect(world.published().map(({ text }) => text)).toEqual(['2', '0', '1'])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 3 }])
})

test('keys keep their order while the consumer is given another partition', async () => {
  const { route, begun, end } = held()
  await using world = await openConsumeWorld({ events: { '*': route } })
  world.assign(0)
  await world.give(record(0))
  world.assign(1)
  await world.give(record(1))
  expect(begun).toEqual([0])
  end(0)
  await world.settled()
  expect(begun).toEqual([0, 1])
})

test('no more handlers wait at once than the consumer allows', async () => {
  const handler = held()
  await using world = await openConsumeWorld({ events: { '*': handler.route }, concurrency: 2 })
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'b'), keyed(2, 'c'))
  expect(handler.begun).toEqual([0, 1])
  handler.end(1)
  await world.settled()
  expect(handler.begun).toEqual([0, 1, 2])
  handler.end(0)
  handler.end(2)
})

test('a record that was processed is not handled again, whoever brings it once more', async () => {
  const handled: number[] = []
  const counting = onRecord(Order, ({ data }) => {
    handled.push(data.n)
    return null
  })
  await using db = await openDbWorld()
  {
    await using world = await openConsumeWorld({ events: { '*': counting } }, db)
    world.assign(0)
    // The second is the relay's own repetition of the first.
    await world.give(record(0), record(1, { headers: record(0).headers }), record(2))
    expect(handled).toEqual([0, 2])
    expect(world.consumer.status().tally).toMatchObject({ processed: 2, duplicates: 1 })
  }
  await using world = await openConsumeWorld({ events: { '*': counting } }, db)
  expect(world.assign(0)).toBe(3)
  await world.give(record(3, { headers: record(2).headers }))
  expect(handled).toEqual([0, 2])
  // What a rerun sends again is meant to be handled again.
  await world.give(record(4, { headers: { ...record(2).headers, 'inlet-replay': 'r1' } }))
  expect(handled).toEqual([0, 2, 4])
})

test('records that lead to nothing share an event, and each is known again', async () => {
  const handled: number[] = []
  const counting = onRecord(Order, ({ data }) => void handled.push(data.n))
  // Small enough that the ids of one event would be cut, if they could be.
  await using db = await openDbWorld({ runIds: 16 })
  const records = Array.from({ length: 40 }, (_, n) => keyed(n, `key-${n}`))
  {
    await using world = await openConsumeWorld({ events: { '*': counting } }, db)
    world.assign(0)
    await world.give(...records.slice(0, 10))
    await world.give(...records.slice(10))
    await world.give(record(40))
  }
  const rows = db.database.client.query('SELECT event_id, state, reason FROM inbox').all()
  expect(rows).toEqual(
    [
      ['+10 orders shop event-0', '10 records whose handler publishes nothing'],
      ['+30 orders shop event-10', '30 records whose handler publishes nothing'],
      ['+1 orders shop event-40', '1 record whose handler publishes nothing'],
    ].map(([event_id, reason]) => ({ event_id, state: 'ignored', reason })),
  )
  handled.length = 0
  await db.restart()
  await using world = await openConsumeWorld({ events: { '*': counting } }, db)
  expect(world.assign(0)).toBe(41)
  const again = records.map((each, n) => ({ ...each, offset: 41 + n }))
  await world.give(...again, record(81, { headers: record(40).headers }), record(82))
  expect(handled).toEqual([82])
})

test('of two records with one identity that end together the first counts', async () => {
  const calls: ((result: { topic: string; value: string } | null) => void)[] = []
  const waiting = onRecord(z.unknown(), () => {
    const { promise, resolve } = Promise.withResolvers<{ topic: string; value: string } | null>()
    calls.push(resolve)
    return promise
  })
  await using world = await openConsumeWorld({ events: { '*': waiting } })
  world.assign(0)
  const { headers } = record(0)
  await world.give(...[0, 1, 2].map((n) => ({ ...keyed(n, `key-${n}`), headers })))
  for (const result of [null, null, { topic: 'out', value: 'late' }]) calls.shift()?.(result)
  await world.settled()
  expect(world.published()).toEqual([])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 3 }])
  const bodies = world.db.database.client.query('SELECT CAST(bodies AS TEXT) AS text FROM chunks')
  expect(bodies.all()).toEqual([{ text: '["orders shop event-0"]' }])
})

test('a record that is no CloudEvent is known by its place', async () => {
  await using world = await openConsumeWorld({ events: { '*': double } })
  world.assign(0)
  await world.give(record(0, { headers: {} }))
  expect(world.published()).toMatchObject([{ eventId: 'orders 0 0 1000', text: '0' }])
})

test('an invalid record is a dead letter at once, and the next one goes on', async () => {
  await using world = await openConsumeWorld({ events: { '*': double } })
  world.assign(0)
  const broken = new TextEncoder().encode('{"n":"many"}')
  await world.give(record(0, { value: broken }), record(1))
  const [dead, next] = world.published()
  expect(dead).toMatchObject({ topic: 'orders.dead', key: 'key', text: null, state: 'invalid' })
  expect(dead?.headers).toMatchObject({
    ce_id: 'event-0',
    'inlet-dead-consumer': 'doubling',
    'inlet-dead-topic': TOPIC,
    'inlet-dead-partition': '0',
    'inlet-dead-offset': '0',
    'inlet-dead-key': 'key',
    'inlet-dead-code': 'SCHEMA_MISMATCH',
    'inlet-dead-error': expect.stringMatching(/^n: /),
    'inlet-dead-attempts': '1',
  })
  expect(next).toMatchObject({ topic: 'doubled', text: '2' })
})

test('a handler that throws is tried again after a pause, while other keys go on', async () => {
  const tries: string[] = []
  const picky = onRecord(Order, ({ key, attempt }) => {
    tries.push(`${key}${attempt}`)
    if (key === 'a' && attempt < 3) throw new Error('not yet')
    return { topic: 'out', value: key }
  })
  await using world = await openConsumeWorld({
    events: { '*': picky },
    retry: RETRY,
    concurrency: 1,
  })
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'a'), keyed(2, 'b'))
  expect(tries).toEqual(['a1', 'b1'])
  await world.pass(1_000)
  await world.pass(1_000)
  expect(tries).toEqual(['a1', 'b1', 'a2', 'a3', 'a1'])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 1 }])
})

test('tries end by the class of the error: final at once, unknown soon, retryable late', async () => {
  const tries = { final: 0, unknown: 0, retryable: 0 }
  const errors = {
    final: new FinalError('gone'),
    unknown: new Error('broken'),
    retryable: new RetryableError('later'),
  }
  const failing = onRecord(z.unknown(), ({ key }) => {
    const name = key as keyof typeof errors
    tries[name] += 1
    throw errors[name]
  })
  await using world = await openConsumeWorld({ events: { '*': failing }, retry: RETRY })
  world.assign(0)
  await world.give(keyed(0, 'final'), keyed(1, 'unknown'), keyed(2, 'retryable'))
  for (let turn = 0; turn < 5; turn += 1) await world.pass(1_000)
  expect(tries).toEqual({ final: 1, unknown: 3, retryable: 4 })
  expect(world.published().map(({ topic, state }) => `${topic} ${state}`)).toEqual([
    'orders.dead failed',
    'orders.dead failed',
    'orders.dead failed',
  ])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 3 }])
})

test('a handler that takes too long is told to stop, and counts as failed', async () => {
  const handler = held()
  await using world = await openConsumeWorld({
    events: { '*': handler.route },
    timeoutMs: 100,
    retry: { triesMax: 1 },
  })
  world.assign(0)
  await world.give(record(0))
  await world.pass(100)
  expect(handler.signals.get(0)?.aborted).toBe(true)
  handler.fail(0, new DOMException('stopped', 'AbortError'))
  await world.settled()
  expect(world.published()[0]?.headers['inlet-dead-code']).toBe('RECORD_TIMEOUT')
})

test('of a partition that is taken away nothing more is stored', async () => {
  const handler = held()
  await using world = await openConsumeWorld({ events: { '*': handler.route } })
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'a'))
  world.listener.revoked([{ topic: TOPIC, partition: 0 }])
  expect(handler.signals.get(0)?.aborted).toBe(true)
  handler.end(0)
  await world.settled()
  expect(handler.begun).toEqual([0])
  expect(world.published()).toEqual([])
  expect(world.positions()).toEqual([])
})

test('a stop aborts handlers, stores what has ended, and begins nothing', async () => {
  const handler = held()
  await using world = await openConsumeWorld({ events: { '*': handler.route } })
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'a'))
  const stopped = world.stop()
  await world.settled()
  expect(handler.signals.get(0)?.aborted).toBe(true)
  handler.end(0)
  await stopped
  expect(handler.begun).toEqual([0])
  expect(world.published()).toHaveLength(1)
  expect(world.told).toEqual([{ topic: TOPIC, partition: 0, offset: 1 }])
})

test('a partition with too much in memory is paused, and goes on at half', async () => {
  const handler = held()
  await using world = await openConsumeWorld({ events: { '*': handler.route }, concurrency: 1_024 })
  world.assign(0)
  for (let offset = 0; offset <= CONSUMER_PARTITION_RECORDS_MAX; offset += 50) {
    const keys = Array.from({ length: 50 }, (_, index) => offset + index)
    await world.give(...keys.map((key) => keyed(key, String(key))))
  }
  expect(world.paused).toEqual(new Set())
  await world.pass(CONSUMER_ROOM_MS_MAX)
  expect(world.paused).toEqual(new Set(['orders/0']))
  // Nothing of it is fetched: Kafka is asked how far it is.
  await world.pass(CONSUMER_ENDS_MS)
  expect(world.consumer.status().partitions[0]?.lag).toBe(END)
  for (const offset of handler.begun.slice(0, 500)) handler.end(offset)
  await world.settled()
  expect(world.paused).toEqual(new Set(['orders/0']))
  for (const offset of handler.begun.slice(500)) handler.end(offset)
  await world.settled()
  expect(world.paused).toEqual(new Set())
})

test('a topic that begins anew is read from its beginning', async () => {
  await using world = await openConsumeWorld({ events: { '*': double } })
  world.assign(0, { offset: 500, metadata: 'another file' })
  await world.give(record(500))
  await world.give(record(0), record(1))
  expect(world.published().map(({ text }) => text)).toEqual(['1000', '0', '2'])
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 2 }])
})

test('what can be awaited and is no Promise is awaited', async () => {
  const result = { topic: 'out', value: 1 }
  // oxlint-disable-next-line unicorn/no-thenable -- that such a thing is awaited is what is tested
  const query = { then: (resolve: (value: typeof result) => void) => resolve(result) }
  await using world = await openConsumeWorld({
    events: { '*': onRecord(Order, () => query as never) },
  })
  world.assign(0)
  await world.give(record(0))
  expect(world.published()).toMatchObject([{ topic: 'out', text: '1', state: 'accepted' }])
})

test('records that no route takes are passed over, and their position is kept', async () => {
  await using world = await openConsumeWorld({ events: { 'order.paid': double } })
  world.assign(0)
  await world.give(record(0), record(1))
  expect(world.positions()).toEqual([])
  await world.pass(1_000)
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 2 }])
  expect(world.published()).toEqual([])
})

test('a database that answers no more ends the life, which says so', async () => {
  await using world = await openConsumeWorld({
    state: Order,
    window: { over: tumbling('1m') },
    events: { '*': aggregate(Order, Order, (_, { data }) => data) },
  })
  world.assign(0)
  await world.pass(1_000)
  expect(world.consumer.status().state).toBe('running')
  world.db.database.client.run('DROP TABLE consumer_windows')
  await world.silence(CONSUMER_IDLE_MS_MIN)
  expect(world.consumer.status()).toMatchObject({ state: 'starting', tally: { restarts: 1 } })
  expect(world.consumer.status().reason).toContain('no such table')
})

test('a partition that begins at its end goes on from there in the next life', async () => {
  await using db = await openDbWorld()
  const definition = { from: 'latest' as const, events: { 'order.created': double } }
  {
    await using world = await openConsumeWorld(definition, db)
    expect(world.assign(0)).toBe('latest')
    await world.pass(1_000)
    expect(world.told).toEqual([{ topic: TOPIC, partition: 0, offset: 0 }])
  }
  await using world = await openConsumeWorld(definition, db)
  expect(world.assign(0)).toBe(0)
  expect(world.assign(1)).toBe('earliest')
})
