import { expect, spyOn, test } from 'bun:test'
import * as fc from 'fast-check'
import { Lanes } from '../../src/consume/lanes.ts'
import type { FetchedRecord } from '../../src/consumer.ts'
import { CONSUMER_IDLE_MS_MIN } from '../../src/limits/consumers.ts'
import {
  aggregate,
  RetryableError,
  session,
  tumbling,
  z,
  type Duration,
} from '../../src/gateway.ts'
import type { Windowing } from '../../src/window.ts'
import { openDbWorld } from '../db/world.ts'
import { idsOf, inputs, oracle, show, sorted, windowings, type Outcome } from './window-oracle.ts'
import { openConsumeWorld, record, type ConsumeWorld, type Published } from './world.ts'

const Ids = z.array(z.int())
const Sample = z.object({ id: z.int(), at: z.int() })
const encoder = new TextEncoder()
const duration = (ms: number): Duration => `${ms}ms`

/** Publishes everything that windows can. */
function definition({ shape, outOfOrdernessMs, allowedLatenessMs }: Omit<Windowing, 'merge'>) {
  const result = (topic: string) => (window: Parameters<typeof show>[0]) => ({
    topic,
    key: window.key,
    value: show(window, idsOf(window.state)),
  })
  return {
    state: Ids,
    window: {
      over: shape,
      ...(outOfOrdernessMs > 0 ? { outOfOrderness: duration(outOfOrdernessMs) } : {}),
      ...(allowedLatenessMs > 0 ? { allowedLateness: duration(allowedLatenessMs) } : {}),
      merge: (earlier: unknown, later: unknown) => [...idsOf(earlier), ...idsOf(later)],
      onClose: result('closed'),
      onUpdate: (window: Parameters<typeof show>[0] & { readonly isClosed: boolean }) =>
        window.isClosed ? result('corrected')(window) : null,
      onLate: ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => ({
        topic: 'late',
        value: Number(headers['ce_id']),
      }),
    },
    events: {
      '*': aggregate(Sample, Ids, (ids = [], { data }) => [...ids, data.id], {
        eventTime: ({ data }) => data.at,
      }),
    },
  }
}

interface Sent {
  readonly id: number
  readonly key: string
  readonly at: number
}

function sample({ id, key, at }: Sent, offset: number, partition = 0): FetchedRecord {
  const headers = { ce_id: String(id), ce_source: 'shop', ce_type: 'order.created' }
  const value = encoder.encode(JSON.stringify({ id, at }))
  return record(offset, { partition, key: encoder.encode(key), value, headers })
}

function outcomeOf(published: readonly Published[]): Outcome {
  const texts = (topic: string) =>
    published
      .filter((each) => each.topic === topic)
      .map(({ text }) => String(JSON.parse(text ?? '')))
  return { closed: texts('closed'), corrected: texts('corrected'), late: texts('late').map(Number) }
}

/** How far back the event is that comes once more behind each; 0: none does. */
const repetitions = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })), {
  minLength: 1,
  maxLength: 7,
})

/** As a producer writes them that sends some again, at once or late. */
function withRepetitions(events: readonly Sent[], again: readonly number[]): readonly Sent[] {
  return events.flatMap((each, at) => {
    const back = again[at % again.length] ?? 0
    const earlier = back === 0 ? undefined : events[at + 1 - back]
    return earlier === undefined ? [each] : [each, earlier]
  })
}

test('windows on disk are an oracle’s, across restarts and repetitions, each closed once', async () => {
  await fc.assert(
    fc.asyncProperty(
      windowings.filter(({ outOfOrdernessMs }) => outOfOrdernessMs > 0),
      inputs,
      fc.integer({ min: 1, max: 20 }),
      repetitions,
      async (windowing, given, atOnce, again) => {
        await using db = await openDbWorld()
        const partitionOf = (key: string) => (key === 'c' ? 1 : 0)
        const sent = [0, 1].map((partition) =>
          given
            .map((each, id) => ({ ...each, id }))
            .filter(({ key }) => partitionOf(key) === partition),
        )
        const written = sent.map((events) => withRepetitions(events, again))
        const longest = Math.max(...written.map(({ length }) => length))
        for (let from = 0; from < longest; from += atOnce) {
          await using world = await openConsumeWorld(definition(windowing), db)
          for (const [partition, events] of written.entries()) {
            world.assign(partition)
            // From a little before: Kafka may give again what is processed.
            const first = Math.max(0, from - 2)
            const some = events.slice(first, from + atOnce)
            await world.give(...some.map((each, at) => sample(each, first + at, partition)))
          }
        }
        await using world = await openConsumeWorld(definition(windowing), db)
        const expected = sent.map((events) => oracle(windowing, events))
        const all = (part: 'closed' | 'corrected') =>
          expected.flatMap((outcome, at) =>
            outcome[part].map((text) =>
              text.replace(/: (.*)/, (_, ids: string) => {
                const real = ids.split(' ').map((id) => sent[at]?.[Number(id)]?.id ?? -1)
                return `: ${real.toSorted((a, b) => a - b).join(' ')}`
              }),
            ),
          )
        const actual = sorted(outcomeOf(world.published()))
        expect(actual.closed).toEqual(all('closed').toSorted())
        expect(actual.corrected).toEqual(all('corrected').toSorted())
        expect(actual.late.toSorted((a, b) => a - b)).toEqual(
          expected
            .flatMap(({ late }, at) => late.map((id) => sent[at]?.[id]?.id ?? -1))
            .toSorted((a, b) => a - b),
        )
      },
    ),
    { numRuns: 8 },
  )
}, 30_000)

const five = { shape: tumbling('5ms'), outOfOrdernessMs: 1, allowedLatenessMs: 0 }

async function give(world: ConsumeWorld, ...events: readonly Sent[]): Promise<void> {
  await world.give(...events.map((event) => sample(event, event.id)))
}

test('a window of a silent partition closes by the clock, and what comes then is late', async () => {
  await using world = await openConsumeWorld(definition(five))
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 })
  await world.silence(CONSUMER_IDLE_MS_MIN - 2_000)
  expect(outcomeOf(world.published()).closed).toEqual([])
  for (let second = 0; second < 4; second += 1) await world.silence(1_000)
  expect(outcomeOf(world.published()).closed).toEqual(['a 0-5: 0'])
  await give(world, { id: 1, key: 'a', at: 2 })
  expect(outcomeOf(world.published()).late).toEqual([1])
})

test('a partition of which Kafka says nothing is not silent', async () => {
  await using world = await openConsumeWorld(definition(five))
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 })
  await world.silence(1_000)
  // It has no leader: the others, and heartbeats, go on.
  for (let step = 0; step < 5; step += 1) await world.pass(CONSUMER_IDLE_MS_MIN)
  await world.silence(1_000)
  await give(world, { id: 1, key: 'a', at: 2 })
  expect(outcomeOf(world.published())).toMatchObject({ closed: [], late: [] })
  await world.silence(CONSUMER_IDLE_MS_MIN + 1_000)
  expect(outcomeOf(world.published()).closed).toEqual(['a 0-5: 0 1'])
})

test('a partition that goes on does not hold another, and neither closes its windows', async () => {
  await using world = await openConsumeWorld(definition(five))
  world.assign(0)
  world.assign(1)
  await world.give(
    sample({ id: 0, key: 'a', at: 1 }, 0, 0),
    sample({ id: 1, key: 'b', at: 9 }, 0, 1),
  )
  expect(outcomeOf(world.published()).closed).toEqual([])
  await world.give(sample({ id: 2, key: 'c', at: 20 }, 1, 1))
  expect(outcomeOf(world.published()).closed).toEqual(['b 5-10: 1'])
})

test('the time of an event is the one that it names, in either mode of CloudEvents', async () => {
  const made = definition(five)
  const events = {
    '*': aggregate(z.object({ id: z.int() }), Ids, (ids = [], { data }) => [...ids, data.id]),
  }
  await using world = await openConsumeWorld({ ...made, events })
  world.assign(0)
  const common = { id: '0', source: 'shop', type: 'order.created', specversion: '1.0' }
  const document = { ...common, time: '1970-01-01T00:00:00.003Z', data: { id: 0 } }
  await world.give(
    record(0, {
      headers: { 'content-type': 'application/cloudevents+json' },
      value: encoder.encode(JSON.stringify(document)),
    }),
    record(1, {
      headers: { ce_id: '1', ce_source: 'shop', ce_time: '1970-01-01T00:00:00.020Z' },
      value: encoder.encode('{"id":1}'),
    }),
  )
  expect(outcomeOf(world.published()).closed).toEqual(['key 0-5: 0'])
})

test('an event far in the future is a dead letter, and closes nothing', async () => {
  await using world = await openConsumeWorld(definition(five))
  world.assign(0)
  const far = world.db.clock.now() + 2 * 60 * 60 * 1_000
  await give(world, { id: 0, key: 'a', at: 1 }, { id: 1, key: 'a', at: far })
  const [dead] = world.published()
  expect(dead?.headers['inlet-dead-code']).toBe('EVENT_TIME_INVALID')
  expect(outcomeOf(world.published()).closed).toEqual([])
})

test('a window whose onClose throws is kept as failed, and the next one closes', async () => {
  const made = definition({ ...five, shape: session('5ms') })
  let isBroken = true
  const onClose: typeof made.window.onClose = (window) => {
    if (isBroken) throw new Error('not ready')
    return made.window.onClose(window)
  }
  await using world = await openConsumeWorld({ ...made, window: { ...made.window, onClose } })
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 }, { id: 1, key: 'a', at: 20 })
  const { client } = world.db.database
  const failed = "SELECT reason FROM inbox WHERE type = 'window.closed' AND state = 'failed'"
  expect(client.query(failed).all()).toEqual([
    { reason: expect.stringMatching(/^HANDLER_FAILED: not ready \(aggregate\.test\.ts:/) },
  ])
  isBroken = false
  await give(world, { id: 2, key: 'a', at: 40 })
  expect(outcomeOf(world.published()).closed).toEqual(['a 20-25: 1'])
})

test('a window whose state the schema of today refuses is kept as failed, and holds up nothing', async () => {
  const Sum = z.record(z.string(), z.int())
  const Wider = Sum.refine((sum) => 'most' in sum, 'most is missing')
  const summing = (state: z.ZodType<Record<string, number>>, first: Record<string, number>) => ({
    state,
    window: { over: tumbling('5ms'), outOfOrderness: '1ms' as const, onClose },
    events: {
      '*': aggregate(Sample, state, (sum = first) => ({ ...sum, n: (sum['n'] ?? 0) + 1 }), {
        eventTime: ({ data }) => data.at,
      }),
    },
  })
  type Summed = {
    readonly key: string
    readonly start: number
    readonly state: Record<string, number>
  }
  const onClose = ({ key, start, state }: Summed) => ({
    topic: 'closed',
    key,
    value: { start, state },
  })
  await using db = await openDbWorld()
  {
    await using world = await openConsumeWorld(summing(Sum, {}), db)
    world.assign(0)
    await give(world, { id: 0, key: 'a', at: 1 })
  }
  await using world = await openConsumeWorld(summing(Wider, { most: 1 }), db)
  world.assign(0)
  await give(world, { id: 1, key: 'b', at: 20 }, { id: 2, key: 'b', at: 40 })
  expect(world.published().map(({ text }) => text)).toEqual([
    '{"start":20,"state":{"most":1,"n":1}}',
  ])
  expect(world.positions()).toEqual([{ topic: 'orders', partition: 0, offset: 3 }])
  const { client } = db.database
  const failed = "SELECT key, reason FROM inbox WHERE type = 'window.closed' AND state = 'failed'"
  expect(client.query(failed).all()).toEqual([
    { key: 'a', reason: expect.stringContaining('STATE_INVALID: ') },
  ])
})

test('a fault while windows close ends the life of the consumer, with or without events', async () => {
  await using world = await openConsumeWorld(definition(five))
  const restarts = () => world.consumer.status().tally.restarts
  const silence = async () => {
    for (let step = 0; step < 2; step += 1) await world.silence(CONSUMER_IDLE_MS_MIN)
  }
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 })
  world.db.database.client.run('ALTER TABLE consumer_windows RENAME TO elsewhere')
  await silence()
  expect(restarts()).toBe(1)
  // Its task failed; in a new life the question whether there is one does.
  await world.silence(CONSUMER_IDLE_MS_MIN)
  world.assign(0)
  await silence()
  expect(restarts()).toBe(2)
})

test('an event reads no windows of its key but those that it may be in', async () => {
  for (const shape of [tumbling('5ms'), session('5ms')]) {
    await using db = await openDbWorld()
    const late = definition({ ...five, shape, allowedLatenessMs: 60_000 })
    {
      await using world = await openConsumeWorld(late, db)
      world.assign(0)
      await give(world, ...[0, 1, 2, 3].map((id) => ({ id, key: 'a', at: 1 + 20 * id })))
    }
    db.database.client.run("UPDATE consumer_windows SET state = '?' WHERE start < 20 OR start > 40")
    await using world = await openConsumeWorld(late, db)
    world.assign(0)
    await give(world, { id: 4, key: 'a', at: 22 }, { id: 5, key: 'a', at: 21 })
    const corrected = outcomeOf(world.published()).corrected
    expect(corrected.map((text) => text.replace(/.*: /, ''))).toContain('1 4 5')
  }
})

test('every window of a key counts, and one that an event only changes takes no more room', async () => {
  const patient = definition({ ...five, shape: session('5ms'), outOfOrdernessMs: 1_000 })
  const few = { ...patient, stateEntriesMax: 2, retry: { triesMax: 1 } }
  await using world = await openConsumeWorld(few)
  world.assign(0)
  // 40 would be the third at first; 17 makes one of two, and room.
  const events = [1, 2, 20, 21, 40, 5, 9, 13, 17, 40].map((at, id) => ({ id, key: 'a', at }))
  await give(world, ...events)
  const dead = world
    .published()
    .map(({ headers }) => [headers['ce_id'], headers['inlet-dead-code']])
  expect(dead).toEqual([['4', 'STATE_FULL']])
})

test('a clock that was wrong during silence closes what is open, and makes nothing else late', async () => {
  await using world = await openConsumeWorld(definition(five))
  const { clock } = world.db
  world.assign(0)
  const at = clock.now()
  await give(world, { id: 0, key: 'a', at })
  clock.jump(365 * 24 * 60 * 60 * 1_000)
  for (let step = 0; step < 2; step += 1) await world.silence(CONSUMER_IDLE_MS_MIN)
  expect(outcomeOf(world.published()).closed).toHaveLength(1)
  clock.jump(-365 * 24 * 60 * 60 * 1_000)
  await give(world, { id: 1, key: 'a', at }, { id: 2, key: 'a', at: at + 10 })
  expect(outcomeOf(world.published()).late).toEqual([1])
})

test('silence closes windows once a pause is over, and one task waits for that', async () => {
  await using world = await openConsumeWorld(definition(five))
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 })
  world.consumer.pause()
  const add = spyOn(Lanes.prototype, 'add')
  for (let step = 0; step < 5; step += 1) await world.silence(CONSUMER_IDLE_MS_MIN)
  expect(add).toHaveBeenCalledTimes(1)
  add.mockRestore()
  expect(outcomeOf(world.published()).closed).toEqual([])
  world.consumer.resume()
  await world.settled()
  expect(outcomeOf(world.published()).closed).toEqual(['a 0-5: 0'])
})

test('of lateness that has passed in silence nothing is taken again', async () => {
  const late = definition({ ...five, allowedLatenessMs: 10 })
  await using world = await openConsumeWorld(late)
  world.assign(0)
  await give(world, { id: 0, key: 'a', at: 1 })
  for (let step = 0; step < 2; step += 1) await world.silence(CONSUMER_IDLE_MS_MIN)
  await give(world, { id: 1, key: 'a', at: 2 })
  expect(outcomeOf(world.published())).toMatchObject({ closed: ['a 0-5: 0'], late: [1] })
})

test('an event that an aggregate refuses is a dead letter at once, and holds up no key', async () => {
  const made = definition(five)
  const events = {
    '*': aggregate(
      Sample,
      Ids,
      (ids = [], { data }) => {
        if (data.id === 0) throw new RetryableError('later')
        return [...ids, data.id]
      },
      { eventTime: ({ data }) => data.at },
    ),
  }
  await using world = await openConsumeWorld({ ...made, events })
  world.assign(0)
  await give(
    world,
    { id: 0, key: 'a', at: 1 },
    { id: 1, key: 'b', at: 1 },
    { id: 2, key: 'b', at: 9 },
  )
  expect(outcomeOf(world.published()).closed).toEqual(['b 0-5: 1'])
  expect(world.consumer.status().tally).toMatchObject({ dead: 1, retries: 0 })
})
