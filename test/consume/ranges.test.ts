/** What a consumer handles again: on a real database, with a feed that gives what it is asked. */
import { expect, test } from 'bun:test'
import { openConsumerPositions } from '../../db/consume.ts'
import { openStoredState } from '../../db/consumer-state.ts'
import { RangeReading } from '../../src/consume/ranges.ts'
import type { FeedListener, RecordFeed } from '../../src/consume/ports.ts'
import type { FetchedRecord, OffsetRange } from '../../src/consumer.ts'
import { CONSUMER_IDLE_MS_MIN, CONSUMER_OFFSETS_MS } from '../../src/limits/consumers.ts'
import { resolveConsumers } from '../../src/loading/consumers.ts'
import { defineConsumer, FinalError, onRecord, z } from '../../src/gateway.ts'
import { silentLog } from '../../src/log.ts'
import { openDbWorld, settle, type DbWorld } from '../db/world.ts'
import { openConsumeWorld, record, TOPIC } from './world.ts'

const RERUN = 'reconsume-1'
const events = {
  '*': onRecord(z.object({ n: z.int() }), ({ data }) => {
    if (data.n === 3) throw new FinalError('three')
    return { topic: 'doubled', value: 2 * data.n }
  }),
}

interface GivingFeed extends RecordFeed {
  readonly given: readonly number[]
  readonly findNothing: (fetch: { next: number; highWatermark: number }) => void
  readonly lose: (from: number, to: number) => void
}

/** Gives everything of the topic from where it is asked to begin, one record after the other. */
function feedOf(records: readonly FetchedRecord[]): GivingFeed {
  const paused = new Set<number>()
  const given: number[] = []
  let news = Promise.withResolvers<void>()
  const tell = () => {
    news.resolve()
    news = Promise.withResolvers<void>()
  }
  let listener: FeedListener | undefined
  return {
    given,
    findNothing: (fetch) => listener?.sawNothing({ topic: TOPIC, partition: 0, ...fetch }),
    lose: (from, to) => listener?.lost({ topic: TOPIC, partition: 0, from, to }),
    async run(to, signal) {
      listener = to
      signal.addEventListener('abort', tell)
      const partitions = [...new Set(records.map(({ partition }) => partition))]
      const none = { topic: TOPIC, offset: null, metadata: '' }
      const starts = to.assigned(partitions.map((partition) => ({ ...none, partition })))
      for (const { partition, start } of starts) {
        const offset = typeof start === 'number' ? start : 0
        to.positioned({ topic: TOPIC, partition, offset })
        for (const each of records) {
          if (each.partition !== partition || each.offset < offset) continue
          while (paused.has(partition) && !signal.aborted) await news.promise
          if (signal.aborted) return
          given.push(each.offset)
          const highWatermark = records.length
          const next = each.offset + 1
          await to.received({ topic: TOPIC, partition, records: [each], next, highWatermark })
        }
      }
      while (!signal.aborted) await news.promise
    },
    commit: () => Promise.resolve(true),
    pause: ({ partition }) => void paused.add(partition),
    resume({ partition }) {
      paused.delete(partition)
      tell()
    },
    ends: () => Promise.resolve([]),
    seek: () => Promise.resolve([]),
  }
}

type Paced = (stored: number) => Promise<void>

function read(
  { clock, database, writer, dedup }: DbWorld,
  ranges: readonly OffsetRange[],
  feed: RecordFeed,
  { paced = () => Promise.resolve(), ...own }: { paced?: Paced; memoryBytesMax?: number } = {},
) {
  const definition = defineConsumer('doubling', { topics: [TOPIC], events, ...own })
  const consumer = resolveConsumers([{ file: 'doubling.ts', definition }]).get('doubling')
  if (consumer === undefined) throw new Error('the consumer is there')
  const again = { ...consumer, group: `${consumer.group}.${RERUN}`, rerun: RERUN }
  const positions = openConsumerPositions(database)
  return new RangeReading({
    consumer: () => again,
    ranges,
    paced,
    ports: {
      clock,
      log: silentLog,
      epoch: database.epoch,
      openFeed: () => Promise.resolve(feed),
      commit: (commit) => writer.commitConsumed(commit),
      stored: openStoredState(database),
      position: (group, place) => positions.find(group, place),
      lookFor: (source, eventId) =>
        dedup.lookFor({ source, eventId, eventIdValidMs: undefined, receivedAt: clock.now() }),
    },
  })
}

/** Lets time pass until the reading is at its end, or for as long as it may take. */
async function finish(
  db: DbWorld,
  reading: RangeReading,
  ms = 10 * CONSUMER_OFFSETS_MS,
  fetch = () => {},
) {
  const stop = new AbortController()
  let isOver = false
  const ended = reading.run(stop.signal).then(() => (isOver = true))
  for (let at = 0; at < ms && !isOver; at += CONSUMER_OFFSETS_MS) {
    await settle()
    await db.writer.hold(() => Promise.resolve())
    await settle()
    fetch()
    db.clock.advance(CONSUMER_OFFSETS_MS)
  }
  const was = isOver
  stop.abort()
  await settle()
  await ended
  return was
}

const ten = Array.from({ length: 10 }, (_, offset) => record(offset))

test('a range is handled again past deduplication, marked, and the position stays', async () => {
  await using world = await openConsumeWorld({ events })
  world.assign(0)
  await world.give(...ten)
  const before = world.positions()
  const old = world.published().length

  const range = { topic: TOPIC, partition: 0, from: 2, to: 5 }
  const reading = read(world.db, [range], feedOf(ten))
  expect(await finish(world.db, reading)).toBe(true)
  expect(reading.progress()).toEqual({ done: 3, failed: 1, records: 3, missing: null })
  const again = world.published().slice(old)
  expect(again.map(({ topic, text }) => [topic, text])).toEqual([
    ['doubled', '4'],
    [`${TOPIC}.dead`, null],
    ['doubled', '8'],
  ])
  for (const { headers } of again) expect(headers['inlet-replay']).toBe(RERUN)
  expect(world.positions()).toEqual(before)
})

test('what was handled again before a stop is not handled a third time', async () => {
  await using db = await openDbWorld()
  const range = { topic: TOPIC, partition: 0, from: 0, to: 10 }
  const first = read(db, [range], feedOf(ten.slice(0, 4)))
  expect(await finish(db, first, 3 * CONSUMER_OFFSETS_MS)).toBe(false)
  expect(first.progress().done).toBe(4)
  const feed = feedOf(ten)
  const second = read(db, [range], feed)
  expect(await finish(db, second)).toBe(true)
  expect(feed.given).toEqual([4, 5, 6, 7, 8, 9])
  expect(second.progress()).toMatchObject({ done: 10, failed: 0, records: 6 })
})

test('offsets at which Kafka has no record end a range, and it says which', async () => {
  const ranges = [{ topic: TOPIC, partition: 0, from: 8, to: 12 }]
  // The others are deleted, or the topic is made anew, or what was meant has expired.
  for (const next of [10, 20]) {
    await using db = await openDbWorld()
    const feed = feedOf(ten)
    const reading = read(db, ranges, feed)
    const find = () => feed.findNothing({ next, highWatermark: next })
    expect(await finish(db, reading, CONSUMER_IDLE_MS_MIN - 5_000, find)).toBe(false)
    const later = feedOf(ten)
    const again = read(db, ranges, later)
    const findLater = () => later.findNothing({ next, highWatermark: next })
    expect(await finish(db, again, CONSUMER_IDLE_MS_MIN + 5_000, findLater)).toBe(true)
    const missing = `there is no record at 10-11 of ${TOPIC}/0`
    expect(again.progress()).toMatchObject({ done: 4, missing })
  }
})

test('offsets that Kafka deleted before they were read are passed at once, and it says which', async () => {
  await using db = await openDbWorld()
  const feed = feedOf(ten)
  const reading = read(db, [{ topic: TOPIC, partition: 0, from: 8, to: 14 }], feed)
  const losses = [
    [10, 12],
    [12, 20],
  ]
  const lose = () => {
    const [from, to] = losses.shift() ?? []
    if (from !== undefined && to !== undefined) feed.lose(from, to)
  }
  expect(await finish(db, reading, 10 * CONSUMER_OFFSETS_MS, lose)).toBe(true)
  const missing = `there is no record at 10-11 of ${TOPIC}/0, 12-13 of ${TOPIC}/0`
  expect(reading.progress()).toMatchObject({ done: 6, missing })
})

test('a range of which nothing comes for long is not at its end before Kafka says so', async () => {
  const ranges = [{ topic: TOPIC, partition: 0, from: 8, to: 12 }]
  const longMs = 2 * CONSUMER_IDLE_MS_MIN
  await using db = await openDbWorld()
  // Paused because of what is in memory, or without a leader.
  expect(await finish(db, read(db, ranges, feedOf(ten)), longMs)).toBe(false)
  // A transaction is open, or another partition has filled the answer.
  const feed = feedOf(ten)
  const reading = read(db, ranges, feed)
  const find = () => feed.findNothing({ next: 10, highWatermark: 12 })
  expect(await finish(db, reading, longMs, find)).toBe(false)
  expect(reading.progress()).toMatchObject({ done: 2, missing: null })
})

test('a range that its pace and its memory hold for minutes is handled to its end', async () => {
  await using db = await openDbWorld()
  const stop = new AbortController()
  const paced = () => db.clock.sleep(CONSUMER_IDLE_MS_MIN + 10_000, stop.signal)
  const large = ten.map((each) => {
    const value = JSON.stringify({ n: 10 + each.offset, pad: 'x'.repeat(400_000) })
    return { ...each, value: new TextEncoder().encode(value) }
  })
  const range = { topic: TOPIC, partition: 0, from: 0, to: 10 }
  const feed = feedOf(large)
  const reading = read(db, [range], feed, { paced, memoryBytesMax: 1024 * 1024 })
  const isAtEnd = await finish(db, reading, 12 * CONSUMER_IDLE_MS_MIN)
  stop.abort()
  expect(isAtEnd).toBe(true)
  expect(reading.progress()).toEqual({ done: 10, failed: 0, records: 10, missing: null })
})

test('a range that ends with what is no record is at its end as soon as that is known', async () => {
  await using db = await openDbWorld()
  const feed = feedOf(ten)
  const run = feed.run.bind(feed)
  const withMarker = {
    ...feed,
    run: (listener: FeedListener, signal: AbortSignal) => {
      const ended = run(listener, signal)
      const place = { topic: TOPIC, partition: 0 }
      void settle().then(() =>
        listener.received({ ...place, records: [], next: 11, highWatermark: 11 }),
      )
      return ended
    },
  }
  const reading = read(db, [{ topic: TOPIC, partition: 0, from: 8, to: 11 }], withMarker)
  expect(await finish(db, reading)).toBe(true)
  expect(reading.progress()).toMatchObject({ done: 3, missing: null })
})

test('other partitions of the topic are left alone', async () => {
  await using db = await openDbWorld()
  const other = ten.map((each) => ({ ...each, partition: 1 }))
  const feed = feedOf([...ten, ...other])
  const reading = read(db, [{ topic: TOPIC, partition: 1, from: 0, to: 2 }], feed)
  expect(await finish(db, reading)).toBe(true)
  expect(feed.given).toEqual([0, 1])
  expect(reading.progress()).toMatchObject({ done: 2, records: 2 })
})
