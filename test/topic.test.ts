/** Topics that are declared once: checked where records are made, and where they are read. */
import { expect, expectTypeOf, test } from 'bun:test'
import { resolveConsumers } from '../src/loading/consumers.ts'
import {
  aggregate,
  defineConsumer,
  defineTopic,
  fromTopic,
  on,
  onRecord,
  tumbling,
  z,
  type ConsumedEvent,
} from '../src/gateway.ts'
import { takeHandlers } from '../src/loading/handlers.ts'
import { toOutboxRecords } from '../src/handler-result.ts'
import { openConsumeWorld, record, TOPIC } from './consume/world.ts'

const Requested = z.object({ url: z.string(), lines: z.number().default(0) })
const Done = z.object({ by: z.string() })
const Reviews = defineTopic('code.reviews', { 'review.requested': Requested, 'review.done': Done })
const Orders = defineTopic(TOPIC, { 'order.created': z.object({ n: z.int() }), '*': z.unknown() })

test('a record of a declared topic has its topic, its type and a value that was checked', () => {
  const made = Reviews.record('review.done', { key: 'a', value: { by: 'ada' } })
  expect(made).toEqual({
    topic: 'code.reviews',
    type: 'review.done',
    key: 'a',
    value: { by: 'ada' },
  })
  // What is published is what was given: defaults are the reader's to fill in.
  const asked = Reviews.record('review.requested', { value: { url: 'u' } })
  expect(asked.value).toEqual({ url: 'u' })
  expect(Orders.record('order.whatever', { value: 1 }).type).toBe('order.whatever')
})

test('what the schema does not take is no record, by type and at run time', () => {
  expect(() =>
    // @ts-expect-error The topic says who has done it.
    Reviews.record('review.done', { value: { who: 'ada' } }),
  ).toThrow('HANDLER_RESULT_INVALID: review.done for "code.reviews": by: ')
  expect(() =>
    // @ts-expect-error The topic has no such type.
    Reviews.record('review.gone', { value: { by: 'ada' } }),
  ).toThrow('does not declare this type')
})

test('the type of a record is its ce_type', () => {
  const [typed, plain] = toOutboxRecords(
    [Reviews.record('review.done', { value: { by: 'ada' } }), { topic: 'a' }],
    'key',
  )
  expect(JSON.parse(typed?.headers ?? '')).toMatchObject({ ce_type: 'review.done' })
  expect(plain?.headers).toBeNull()
  for (const type of ['', 'a\nb', 'x'.repeat(257)]) {
    expect(() => toOutboxRecords({ topic: 'a', type }, 'key')).toThrow('HANDLER_RESULT_INVALID')
  }
})

test('each topic has its own routes for the same type, and others have those of events', () => {
  const Count = z.object({ count: z.int() })
  const definition = defineConsumer('desk', {
    topics: [
      fromTopic(Reviews, {
        'review.requested'({ data }) {
          expectTypeOf(data).toEqualTypeOf<{ url: string; lines: number }>()
          return null
        },
        // Every other type that the topic declares.
        '*'({ data }) {
          expectTypeOf(data).toEqualTypeOf<{ url: string; lines: number } | { by: string }>()
          return null
        },
      }),
      fromTopic(Orders, { 'order.created': () => null }),
      'plain',
    ],
    events: { 'review.done': onRecord(Count, () => null) },
  })
  const consumer = resolveConsumers([{ file: 'desk.ts', definition }]).get('desk')
  expect(consumer?.topics).toEqual(['code.reviews', TOPIC, 'plain'])
  const schemaOf = (type: string, topic: string) => {
    const route = consumer?.route(type, topic)
    return route !== undefined && 'schema' in route ? route.schema : undefined
  }
  expect(schemaOf('review.done', 'code.reviews')).toBe(Done)
  expect(schemaOf('review.done', 'plain')).toBe(Count)
  expect(schemaOf('review.gone', 'code.reviews')).toBeUndefined()
  expect(schemaOf('order.gone', TOPIC)).toBeUndefined()
})

test('a consumer reads a declared topic, with state, and publishes to another', async () => {
  const Sum = z.object({ sum: z.int() })
  await using world = await openConsumeWorld({
    topics: [
      fromTopic(Orders, Sum, {
        'order.created'({ data, state }) {
          const sum = (state.get()?.sum ?? 0) + data.n
          state.set({ sum })
          return Reviews.record('review.requested', { value: { url: `/${sum}` } })
        },
      }),
    ],
    state: Sum,
  })
  world.assign(0)
  await world.give(record(1), record(2))
  expect(world.published().map(({ text }) => text)).toEqual(['{"url":"/1"}', '{"url":"/3"}'])
  expect(world.published()[0]?.headers).toMatchObject({ ce_type: 'review.requested' })
})

test('what is no topic is said where the handler files are checked', () => {
  const problemsOf = (definition: unknown) => takeHandlers([{ file: '/a.ts', definition }]).problems
  const State = z.object({ n: z.int() })
  const windowed = {
    ...defineConsumer('desk', { topics: [fromTopic(Reviews, { '*': () => null })] }),
    state: State,
    window: { over: tumbling('1m'), onClose: () => null },
    events: { '*': aggregate(z.unknown(), State, () => ({ n: 1 })) },
  }
  expect(problemsOf(defineConsumer('desk', { topics: [fromTopic(Reviews, {})] }))).toEqual([])
  expect(problemsOf(defineConsumer('desk', { topics: ['a'] }))[0]).toContain('has no events')
  expect(problemsOf(windowed)[0]).toContain('topics of windows are names')
  const nameless = {
    name: 'github',
    provider: 'github',
    events: { '*': on(z.unknown(), () => null) },
  }
  expect(problemsOf({ ...nameless, publishes: [{}] })[0]).toContain('must be made by defineTopic')
  expect(problemsOf({ ...nameless, publishes: [Reviews] })).toEqual([])
})

test('a handler that is written apart has its types, too', () => {
  type Asked = ConsumedEvent<z.output<(typeof Reviews.schemas)['review.requested']>>
  const handler = ({ data }: Asked) => ({ topic: 'a', value: data.lines })
  expect(fromTopic(Reviews, { 'review.requested': handler }).topic).toEqual(Reviews)
  // @ts-expect-error It is for another type.
  fromTopic(Reviews, { 'review.done': handler })
})
