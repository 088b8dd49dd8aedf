import { expect, test } from 'bun:test'
import { CONSUMER_OFFSETS_MS, CONSUMER_STATE_BYTES_MAX } from '../../src/limits/consumers.ts'
import { defineConsumer, FinalError, onRecord, z } from '../../src/gateway.ts'
import { openDbWorld } from '../db/world.ts'
import { keyed, openConsumeWorld, record, type ConsumeWorld } from './world.ts'

const Order = z.object({ n: z.int() })
const Count = z.object({ count: z.int() })

/** Publishes how many records of its key there were before. */
const counting = {
  state: Count,
  events: {
    '*': onRecord(Order, Count, async ({ state }) => {
      const { count } = state.get() ?? { count: 0 }
      // Another record may be handled here: of another key.
      await Promise.resolve()
      state.set({ count: count + 1 })
      return { topic: 'counts', value: count }
    }),
  },
}

const counts = (world: ConsumeWorld, key: string) =>
  world
    .published()
    .filter((each) => each.topic === 'counts' && each.key === key)
    .map(({ text }) => Number(text))

test('a record finds what the one before it of its key has set, before and after a restart', async () => {
  await using db = await openDbWorld()
  {
    await using world = await openConsumeWorld(counting, db)
    world.assign(0)
    await world.give(...[0, 1, 2, 3, 4, 5].map((n) => keyed(n, n % 2 === 0 ? 'a' : 'b')))
    expect([counts(world, 'a'), counts(world, 'b')]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
  }
  await using world = await openConsumeWorld(counting, db)
  world.assign(0)
  // Kafka may give again what is processed: it does not count twice.
  await world.give(keyed(4, 'a'), keyed(5, 'b'), keyed(6, 'a'))
  expect(counts(world, 'a')).toEqual([0, 1, 2, 3])
})

test('records of one key in two partitions do not overtake each other', async () => {
  await using world = await openConsumeWorld(counting)
  world.assign(0)
  world.assign(1)
  const other = (n: number) => ({
    ...keyed(n, 'a'),
    partition: 1,
    headers: { ...record(n).headers, ce_id: `other-${n}` },
  })
  await world.give(keyed(0, 'a'), other(0), keyed(1, 'a'), other(1))
  expect(counts(world, 'a')).toEqual([0, 1, 2, 3])
})

test('a partition whose state is in another file is refused', async () => {
  await using world = await openConsumeWorld(counting)
  expect(() => world.assign(0, { offset: 5, metadata: 'another' })).toThrow('STATE_ELSEWHERE')
  expect(world.assign(0, { offset: 5, metadata: '' })).toBe(5)
})

test('a person’s word makes this file count instead, where it begins next', async () => {
  await using world = await openConsumeWorld(counting)
  world.assign(0)
  await world.give(keyed(0, 'a'), keyed(1, 'a'))
  const elsewhere = { offset: 5, metadata: 'another' }
  expect(() => world.assign(0, elsewhere)).toThrow(
    'another database has read up to 5, this one is at 2; after a restore: `inlet consumers adopt doubling`',
  )
  world.consumer.adopt()
  expect([world.assign(0, elsewhere), world.assign(1, elsewhere)]).toEqual([2, 'earliest'])
  await world.pass(CONSUMER_OFFSETS_MS)
  expect(world.consumer.status().state).toBe('running')
  // It counted for that start alone.
  expect(() => world.assign(0, elsewhere)).toThrow('STATE_ELSEWHERE')
})

test('what a try has set counts only where the try succeeds', async () => {
  const seen: unknown[] = []
  await using world = await openConsumeWorld({
    state: Count,
    events: {
      '*': onRecord(Order, Count, ({ data, state }) => {
        seen.push(state.get())
        if (data.n === 2) state.delete()
        else state.set({ count: data.n })
        if (data.n === 1) throw new FinalError('never')
        return null
      }),
    },
  })
  world.assign(0)
  await world.give(record(0), record(1), record(2), record(3))
  expect(seen).toEqual([undefined, { count: 0 }, { count: 0 }, undefined])
})

test('what cannot be kept makes its record a dead letter that says why', async () => {
  const Text = z.object({ text: z.string() })
  const Wild = z.object({ n: z.int() }).loose()
  await using world = await openConsumeWorld({
    state: Text,
    events: {
      wrong: onRecord(Wild, ({ state }) => (state.set({ text: 1 }), null)),
      large: onRecord(Wild, ({ state }) => {
        state.set({ text: 'x'.repeat(CONSUMER_STATE_BYTES_MAX) })
        return null
      }),
      keyless: onRecord(Wild, ({ state }) => (state.set({ text: '' }), null)),
    },
  })
  world.assign(0)
  const of = (offset: number, type: string) =>
    record(offset, { headers: { ...record(offset).headers, ce_type: type } })
  await world.give(of(0, 'wrong'), of(1, 'large'), { ...of(2, 'keyless'), key: null })
  const errors = world.published().map(({ headers }) => headers['inlet-dead-error'])
  expect(world.published().map(({ headers }) => headers['inlet-dead-code'])).toEqual([
    'STATE_INVALID',
    'STATE_INVALID',
    'STATE_INVALID',
  ])
  expect(errors[0]).toContain('expected string')
  expect(errors[1]).toContain('at most 65536')
  expect(errors[2]).toContain('no key')
})

test('no more keys are kept than the consumer says, before and after a restart', async () => {
  await using db = await openDbWorld()
  const few = { ...counting, stateEntriesMax: 2 }
  const codes = (world: ConsumeWorld) =>
    world.published().flatMap(({ headers }) => headers['inlet-dead-code'] ?? [])
  {
    await using world = await openConsumeWorld(few, db)
    world.assign(0)
    await world.give(...['a', 'b', 'c', 'a'].map((key, n) => keyed(n, key)))
    // A full state is retried like any other trouble that may pass.
    for (let turn = 0; turn < 30; turn += 1) await world.pass(1_000)
    expect(counts(world, 'a')).toEqual([0, 1])
    expect(codes(world)).toEqual(['STATE_FULL'])
  }
  await using world = await openConsumeWorld(few, db)
  world.assign(0)
  await world.give(keyed(4, 'b'), keyed(5, 'd'))
  for (let turn = 0; turn < 30; turn += 1) await world.pass(1_000)
  expect(counts(world, 'b')).toEqual([0, 1])
  expect(codes(world)).toEqual(['STATE_FULL', 'STATE_FULL'])
})

test('tries that fail take no room, and who deletes what is not there makes none', async () => {
  await using world = await openConsumeWorld({
    state: Count,
    stateEntriesMax: 2,
    events: {
      '*': onRecord(Order, Count, ({ key, state }) => {
        if (key?.startsWith('gone') === true) state.delete()
        else state.set({ count: 1 })
        if (key?.startsWith('bad') === true) throw new FinalError('never')
        return null
      }),
    },
    retry: { triesMax: 1 },
  })
  world.assign(0)
  const keys = ['bad 1', 'bad 2', 'bad 3', 'a', 'gone 1', 'gone 2', 'b', 'c']
  await world.give(...keys.map((key, n) => keyed(n, key)))
  const dead = world.published().map(({ key, headers }) => [key, headers['inlet-dead-code']])
  expect(dead).toEqual([
    ['bad 1', 'HANDLER_FAILED'],
    ['bad 2', 'HANDLER_FAILED'],
    ['bad 3', 'HANDLER_FAILED'],
    ['c', 'STATE_FULL'],
  ])
})

test('state of an earlier version that the schema refuses is not read', async () => {
  await using db = await openDbWorld()
  {
    await using world = await openConsumeWorld(counting, db)
    world.assign(0)
    await world.give(record(0))
  }
  const Other = z.object({ total: z.int() })
  await using world = await openConsumeWorld(
    { state: Other, events: { '*': onRecord(Order, Other, ({ state }) => (state.get(), null)) } },
    db,
  )
  world.assign(0)
  await world.give(record(1))
  expect(world.published().at(-1)?.headers['inlet-dead-code']).toBe('STATE_INVALID')
})

test('the state of a route is that of its consumer, by type', () => {
  const Other = z.object({ total: z.int() })
  const route = onRecord(Order, Other, ({ state }) => {
    // @ts-expect-error It has a total.
    state.set({ count: 1 })
    return null
  })
  // @ts-expect-error The route was made for another state.
  const wrong = defineConsumer('counting', { topics: ['t'], state: Count, events: { '*': route } })
  expect(wrong.kind).toBe('consumer')
})
