import { expect, test } from 'bun:test'
import { onRecord, z } from '../../src/gateway.ts'
import { CONSUMER_OFFSETS_MS } from '../../src/limits/consumers.ts'
import { openDbWorld } from '../db/world.ts'
import { openConsumeWorld, record, TOPIC } from './world.ts'

const double = onRecord(z.object({ n: z.int() }), ({ data }) => ({
  topic: 'doubled',
  value: data.n * 2,
}))

test('the same file goes on from its own position, another file from Kafka’s', async () => {
  await using world = await openConsumeWorld({ events: { '*': double } })
  const { epoch } = world.db.database
  expect(world.assign(0, { offset: 7, metadata: 'another file' })).toBe(7)
  await world.give(record(7), record(8))
  expect(world.assign(0, { offset: 7, metadata: epoch })).toBe(9)
  expect(world.assign(0, { offset: null, metadata: '' })).toBe(9)
  expect(world.assign(0, { offset: 12, metadata: 'another file' })).toBe(12)
  expect(world.assign(0, { offset: 3, metadata: '' })).toBe(3)
})

test('a restored file goes on from its own position, once', async () => {
  await using db = await openDbWorld()
  const committed = { offset: 12, metadata: 'the file that was lost' }
  {
    await using world = await openConsumeWorld({ events: { '*': double } }, db)
    world.assign(0)
    await world.give(record(0), record(1))
  }
  // A copy has no name: it gets another at its next start.
  db.database.client.run("DELETE FROM meta WHERE name = 'epoch'")
  await db.restart()
  await using world = await openConsumeWorld({ events: { '*': double } }, db)
  // A person who has reset the offset since means it.
  expect(world.assign(0, { offset: 7, metadata: '' })).toBe(7)
  expect(world.assign(0, committed)).toBe(2)
  await world.pass(CONSUMER_OFFSETS_MS)
  expect(world.told.at(-1)).toEqual({ topic: TOPIC, partition: 0, offset: 2 })
  // It has told so: what another file has read since is another's.
  expect(world.assign(0, committed)).toBe(12)
})
