/** Dead letters of consumers that keep state: handled again on the state of now. */
import { expect, test } from 'bun:test'
import { openKeptEvents } from '../../db/kept-events.ts'
import { systemClock } from '../../src/clock.ts'
import type { StoreAgain } from '../../src/consume/again.ts'
import { replayRecord } from '../../src/consume/replay.ts'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { aggregate, defineConsumer, FinalError, onRecord, tumbling, z } from '../../src/gateway.ts'
import type { RerunCounts } from '../../src/rerun.ts'
import { keyed, openConsumeWorld, record, TOPIC, type ConsumeWorld } from './world.ts'

const Order = z.object({ n: z.int() })
const Seen = z.array(z.int())
const RERUN = 'replay-1'

/** Notes what has come of its key; gives up what `isBroken` says. */
function noting(isBroken: (n: number) => boolean) {
  return {
    state: Seen,
    events: {
      '*': onRecord(Order, Seen, ({ data: { n }, state }) => {
        if (isBroken(n)) throw new FinalError('broken')
        const seen = [...(state.get() ?? []), n]
        state.set(seen)
        return { topic: 'seen', value: seen }
      }),
    },
  }
}

const seen = (world: ConsumeWorld) =>
  world
    .published()
    .filter(({ topic }) => topic === 'seen')
    .map(({ key, text, headers }) => [key, text, headers['inlet-replay']])

/** Stores it as a rerun does, in one transaction with its cursor. */
async function openStore({ db: { writer } }: ConsumeWorld, seq: number) {
  const rerun = {
    id: RERUN,
    kind: 'replay',
    query: {},
    by: 'a test',
    perSecond: 1,
    total: 1,
  } as const
  await writer.createRerun(rerun, 0)
  const store: StoreAgain<RerunCounts> = (replayed) =>
    writer.stepRerun({
      id: RERUN,
      from: 0,
      to: seq,
      work: { kind: 'replay', results: [{ seq, ...replayed }] },
    })
  return store
}

test('what it changes of the state is stored with it, behind what has come since', async () => {
  let isMended = false
  await using world = await openConsumeWorld(noting((n) => n === 1 && !isMended))
  world.assign(0)
  await world.give(record(0), record(1), record(2))
  isMended = true
  const store = await openStore(world, 2)
  const again = world.consumer.again(record(1), store)
  await world.settled()
  expect(await again).toEqual({ done: 1, failed: 0, records: 1 })
  await world.give(record(3))
  expect(seen(world)).toEqual([
    ['key', '[0]', undefined],
    ['key', '[0,2]', undefined],
    ['key', '[0,2,1]', RERUN],
    ['key', '[0,2,1,3]', undefined],
  ])
  const { client } = world.db.database
  expect(client.query('SELECT state FROM inbox WHERE seq = 2').values()).toEqual([['accepted']])
})

test('its key waits until it is stored, others do not, and what is not stored has no effect', async () => {
  let isMended = false
  await using world = await openConsumeWorld(noting((n) => n === 1 && !isMended))
  world.assign(0)
  await world.give(record(1))
  isMended = true
  const stored = Promise.withResolvers<undefined>()
  const again = world.consumer.again(record(1), () => stored.promise)
  await world.settled()
  await world.give(record(2), keyed(3, 'other'))
  expect(seen(world)).toEqual([['other', '[3]', undefined]])
  // As where the rerun was stopped meanwhile.
  stored.resolve(undefined)
  await world.settled()
  expect(await again).toBeUndefined()
  expect(seen(world).at(-1)).toEqual(['key', '[2]', undefined])
})

test('one that fails again stays a dead letter, with the reason of now', async () => {
  await using world = await openConsumeWorld(noting((n) => n === 1))
  world.assign(0)
  await world.give(record(1))
  const again = world.consumer.again(record(1), await openStore(world, 1))
  await world.settled()
  expect(await again).toEqual({ done: 1, failed: 1, records: 0 })
})

test('it waits for a consumer that reads its partition, and does not hang on one that stops', async () => {
  await using world = await openConsumeWorld(noting(() => false))
  const again = () => world.consumer.again(record(0), () => Promise.resolve(1))
  await expect(again()).rejects.toThrow('CONSUMER_NOT_RUNNING')
  world.assign(0)
  world.consumer.pause()
  await expect(again()).rejects.toThrow('it is paused')
  world.consumer.resume()
  const held = Promise.withResolvers<number>()
  const first = world.consumer.again(record(0), () => held.promise)
  const second = again()
  await world.settled()
  world.listener.revoked([{ topic: TOPIC, partition: 0 }])
  await expect(second).rejects.toThrow('CONSUMER_NOT_RUNNING')
  held.resolve(7)
  expect(await first).toBe(7)
})

test('an event that was given up counts in its window while that is open', async () => {
  let isMended = false
  const Sample = z.object({ n: z.int().refine((n) => n !== 2 || isMended) })
  await using world = await openConsumeWorld({
    state: Seen,
    window: {
      over: tumbling('5ms'),
      outOfOrderness: '1ms',
      onClose: ({ key, state }) => ({ topic: 'seen', key, value: state }),
    },
    events: {
      '*': aggregate(Sample, Seen, (all = [], { data }) => [...all, data.n], {
        eventTime: ({ data }) => data.n,
      }),
    },
  })
  world.assign(0)
  await world.give(record(1), record(2))
  isMended = true
  const again = world.consumer.again(record(2), await openStore(world, 2))
  await world.settled()
  await again
  await world.give(record(9))
  expect(seen(world)).toEqual([['key', '[1,2]', undefined]])
})

test('a window whose onClose threw is closed again by a replay', async () => {
  let isBroken = true
  const definition = {
    state: Seen,
    window: {
      over: tumbling('5ms'),
      outOfOrderness: '1ms',
      onClose({
        key,
        state,
        start,
        end,
      }: {
        key: string
        state: number[]
        start: number
        end: number
      }) {
        if (isBroken) throw new Error('not ready')
        return { topic: 'seen', key, value: [start, end, ...state] }
      },
    },
    events: {
      '*': aggregate(Order, Seen, (all = [], { data }) => [...all, data.n], {
        eventTime: ({ data }) => data.n,
      }),
    },
  } as const
  await using world = await openConsumeWorld(definition)
  world.assign(0)
  await world.give(record(1), record(9))
  const { client } = world.db.database
  const failed = client.query("SELECT seq FROM inbox WHERE state = 'failed'").values()
  const kept = openKeptEvents(world.db.database).bySeq(Number(failed[0]?.[0]))
  if (kept === undefined) throw new Error('it is stored')
  isBroken = false
  const defined = defineConsumer('doubling', { topics: [TOPIC], ...definition })
  const consumer = resolveConsumers([{ file: 'doubling.ts', definition: defined }]).get('doubling')
  const replayed = await replayRecord(kept, consumer, { clock: systemClock })
  expect(replayed).toMatchObject({ state: 'accepted', records: [{ topic: 'seen', key: 'key' }] })
  expect(new TextDecoder().decode(replayed?.records[0]?.value ?? undefined)).toBe('[0,5,1]')
})
