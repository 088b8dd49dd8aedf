import { expect, test } from 'bun:test'
import { lookAtBodies } from '../../db/damage.ts'
import { consumerSource } from '../../src/consumer.ts'
import { sampleEvent } from '../support/stored.ts'
import { openDbWorld, type DbWorld } from './world.ts'

const CONSUMED = consumerSource('orders')
const encoder = new TextEncoder()

/** An event alone, one that is packed, two records that share one, and another event alone. */
async function openStored(): Promise<DbWorld> {
  const world = await openDbWorld()
  const { writer, clock } = world
  await writer.commit(sampleEvent('small'))
  const large = { ...sampleEvent('large'), body: encoder.encode('large '.repeat(1_000)) }
  await writer.commit(large as ReturnType<typeof sampleEvent>)
  await writer.commitConsumed({
    group: 'g',
    owner: 'g',
    source: CONSUMED,
    at: clock.now(),
    processed: ['a 0 1', 'a 0 2'].map((ignored) => ({ event: undefined, ignored })),
    positions: [],
  })
  await writer.commit(sampleEvent('last'))
  return world
}

test('finds nothing where all is as it was written, and counts what it has looked at', async () => {
  await using world = await openStored()
  const { database } = world
  const sizes = database.client
    .query<{ bytes: number }, []>('SELECT length(bodies) AS bytes FROM chunks ORDER BY seq DESC')
    .all()
    .map(({ bytes }) => bytes)
  const bytesOf = (chunks: number) => sizes.slice(0, chunks).reduce((sum, each) => sum + each, 0)
  const looked = { events: 4, bytes: bytesOf(4), isAll: true, damaged: [] }
  expect(lookAtBodies(database, Infinity)).toEqual(looked)
  const newest = { events: 2, bytes: bytesOf(2), isAll: false, damaged: [] }
  expect(lookAtBodies(database, bytesOf(2))).toEqual(newest)
})

test('has nothing to look at where nothing is stored', async () => {
  await using world = await openDbWorld()
  const none = { events: 0, bytes: 0, isAll: true, damaged: [] }
  expect(lookAtBodies(world.database, Infinity)).toEqual(none)
})

const one = (seq: number, isIdList = false) => ({ first: seq, last: seq, isIdList })

test.each([
  ['a body as it came', "bodies = CAST('x' || substr(bodies, 2) AS BLOB) WHERE seq = 1", [one(1)]],
  ['a packed body', "bodies = CAST(bodies || x'00' AS BLOB) WHERE seq = 2", [one(2)]],
  ['a list of ids', "bodies = CAST('[' || bodies AS BLOB) WHERE seq = 3", [one(3, true)]],
  ['several', 'bodies = zeroblob(length(bodies)) WHERE seq < 4', [one(3, true), one(2), one(1)]],
])('finds %s that has changed', async (_, damage, found) => {
  await using world = await openStored()
  world.database.client.run(`UPDATE chunks SET ${damage}`)
  expect(lookAtBodies(world.database, Infinity).damaged).toEqual(found)
})

test('finds events whose chunk is gone, and takes neighbours together', async () => {
  await using world = await openStored()
  await world.writer.commit(sampleEvent('later'))
  world.database.client.run('DELETE FROM chunks WHERE seq IN (1, 2, 4)')
  const { damaged } = lookAtBodies(world.database, Infinity)
  expect(damaged).toEqual([one(4), { first: 1, last: 2, isIdList: false }])
})
