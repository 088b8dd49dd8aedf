/** What an operator tells a consumer: to pause, to go on, to go on elsewhere. */
import { expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { CONSUMER_OFFSETS_MS } from '../../src/limits/consumers.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { onRecord, z } from '../../src/gateway.ts'
import { keyed, openConsumeWorld, record, TOPIC } from './world.ts'

/** The longest pause before another life. */
const RESTART_MS_MAX = 5_000

function noting() {
  const handled: number[] = []
  const route = onRecord(z.object({ n: z.int() }), ({ offset }) => {
    handled.push(offset)
    return null
  })
  return { handled, events: { '*': route } }
}

test('a paused consumer keeps what it has fetched, and begins it when it resumes', async () => {
  const { handled, events } = noting()
  await using world = await openConsumeWorld({ events })
  world.assign(0)
  await world.give(record(0))
  await world.pass(CONSUMER_OFFSETS_MS)
  world.consumer.pause()
  await world.give(record(1), keyed(2, 'other'))
  expect(handled).toEqual([0])
  expect(world.consumer.status()).toMatchObject({
    state: 'paused',
    partitions: [{ position: 1, lag: 2, unfinished: 2 }],
  })
  world.consumer.resume()
  await world.settled()
  expect(handled).toEqual([0, 1, 2])
  expect(world.consumer.status().state).toBe('running')
})

test('where it goes on is on disk and in Kafka before a seek has ended', async () => {
  const { handled, events } = noting()
  await using world = await openConsumeWorld({ events })
  world.assign(0)
  world.assign(1)
  await world.give(record(0), record(1))
  const seeking = world.consumer.seek({ topic: TOPIC, partition: 0 }, 50)
  await world.settled()
  expect(await seeking).toBe(1)
  expect(world.positions()).toContainEqual({ topic: TOPIC, partition: 0, offset: 50 })
  expect(world.told).toContainEqual({ topic: TOPIC, partition: 0, offset: 50 })
  await world.give(record(50))
  expect(handled).toEqual([0, 1, 50])
})

test('a seek back hands over what was not processed, and passes over what was', async () => {
  const { handled, events } = noting()
  await using world = await openConsumeWorld({ events })
  world.assign(0)
  await world.give(record(1))
  const seeking = world.consumer.seek({}, 0)
  await world.settled()
  await seeking
  await world.give(record(0), record(1))
  expect(handled).toEqual([1, 0])
  expect(world.consumer.status().tally.duplicates).toBe(1)
})

test('a consumer that reads nothing yet has nowhere to seek', async () => {
  await using world = await openConsumeWorld({ events: noting().events })
  expect(await world.consumer.seek({}, 'latest')).toBe(0)
})

test('a commit that fails ends the life of a consumer, and the next one stores what it was', async () => {
  const { handled, events } = noting()
  await using world = await openConsumeWorld({ events })
  world.assign(0)
  await world.give(record(0))
  {
    // As a person with a SQL shell does.
    using shell = new Database(world.db.path)
    shell.run('BEGIN IMMEDIATE')
    // Positions move without records, too: then the consumer itself begins the commit, and waits.
    world.listener.lost({ topic: TOPIC, partition: 0, from: 2, to: 9 })
    await world.pass(CONSUMER_OFFSETS_MS)
    expect(world.consumer.status()).toMatchObject({ state: 'starting', tally: { restarts: 1 } })
    expect(world.consumer.status().reason).toContain('STORAGE_FAILED')
  }
  await world.pass(RESTART_MS_MAX)
  expect(world.assign(0)).toBe(1)
  await world.give(record(1))
  await world.pass(CONSUMER_OFFSETS_MS)
  expect(world.consumer.status().state).toBe('running')
  expect(world.positions()).toEqual([{ topic: TOPIC, partition: 0, offset: 2 }])
  expect(handled).toEqual([0, 1])
})

test('each fault that ends lives is in the log once, until the consumer runs again', async () => {
  await using world = await openConsumeWorld(noting())
  const away = new GatewayError('BROKER_UNAVAILABLE', 'nobody answers')
  const elsewhere = new GatewayError('STATE_ELSEWHERE', 'partition 0')
  for (const error of [away, away, elsewhere, away, new Error('a bug')]) {
    await world.end(error)
    await world.pass(RESTART_MS_MAX)
  }
  expect(world.errors).toEqual(['BROKER_UNAVAILABLE', 'STATE_ELSEWHERE', undefined])
  world.assign(0)
  await world.pass(CONSUMER_OFFSETS_MS)
  expect(world.consumer.status().state).toBe('running')
  await world.end(away)
  expect(world.errors.slice(3)).toEqual(['BROKER_UNAVAILABLE'])
})
