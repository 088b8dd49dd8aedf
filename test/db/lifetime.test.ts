import { expect, test } from 'bun:test'
import { openDedup } from '../../db/dedup.ts'
import { openRetention } from '../../db/retention.ts'
import { DAY_MS, HOUR_MS, openDbWorld, RETENTION_MS, type DbWorld, storedIds } from './world.ts'
import { sampleEvent, sampleMark } from '../support/stored.ts'

const YEAR_MS = 365 * DAY_MS
const MINUTE_MS = 60_000

/** Commits and publishes an event that is received now. */
async function deliver(world: DbWorld, eventId: string, eventIdValidMs?: number) {
  const receivedAt = world.clock.now()
  const event = sampleEvent(eventId, { receivedAt, eventIdValidMs, records: [] })
  return world.writer.commit(event)
}

/** A sweep as the gateway does it; what it deleted. */
function sweep(world: DbWorld): number {
  const { database } = world
  const dedup = openDedup(database, { retentionMs: RETENTION_MS })
  const retention = openRetention(database, { retentionMs: RETENTION_MS, dedup })
  let deleted = 0
  for (;;) {
    const slice = retention.retainOnce()
    deleted += slice.deleted
    if (!slice.more) return deleted
  }
}

function eventIds(world: DbWorld): readonly string[] {
  return storedIds(world.database)
}

test('a clock a year ahead for a minute deletes nothing, and keeps nothing for long', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'before')
  world.clock.jump(YEAR_MS)
  world.clock.advance(MINUTE_MS)
  await deliver(world, 'ahead')
  expect(sweep(world)).toBe(0)
  world.clock.jump(-YEAR_MS)
  await deliver(world, 'after')
  expect(sweep(world)).toBe(0)
  for (const id of ['before', 'ahead', 'after']) {
    expect(await deliver(world, id)).toMatchObject({ kind: 'duplicate' })
  }
  world.clock.advance(RETENTION_MS + 1)
  sweep(world)
  expect(eventIds(world)).toEqual([])
})

test('what came while the clock stood at 1970 is kept once it is right', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'early')
  await world.restart()
  const wrongBy = world.clock.now()
  world.clock.jump(-wrongBy)
  await deliver(world, 'e1')
  world.clock.advance(MINUTE_MS)
  world.clock.jump(wrongBy)
  expect(sweep(world)).toBe(0)
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate' })
  expect(eventIds(world)).toEqual(['e1', 'early'])
})

test('a file that is made with the clock at 1970 keeps the whole time, too', async () => {
  await using world = await openDbWorld({ startMs: 0 })
  await deliver(world, 'e1')
  world.clock.jump(56 * YEAR_MS)
  await world.restart()
  expect(sweep(world)).toBe(0)
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate' })
  world.clock.advance(RETENTION_MS + 1)
  expect(sweep(world)).toBe(1)
})

test('a gateway that was off for a week still knows what came before', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'e1')
  world.clock.advance(RETENTION_MS - HOUR_MS)
  sweep(world)
  await world.restart()
  world.clock.jump(7 * DAY_MS)
  expect(sweep(world)).toBe(0)
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate' })
  world.clock.advance(HOUR_MS + 1)
  sweep(world)
  expect(eventIds(world)).toEqual([])
})

test('commits write the age down as well: a crash costs a minute of it', async () => {
  await using world = await openDbWorld()
  world.clock.advance(DAY_MS)
  await deliver(world, 'e1')
  world.clock.advance(MINUTE_MS - 1)
  await deliver(world, 'e2')
  const before = world.database.lifetime.nowMs()
  await world.restart()
  expect(before - world.database.lifetime.nowMs()).toBe(MINUTE_MS - 1)
})

test('rows that an earlier version stamped ahead do not keep what follows', async () => {
  await using world = await openDbWorld()
  const range = { topic: 't', partition: 0, seqFirst: 1, seqLast: 1, records: 1, baseOffset: '0' }
  for (const key of ['ahead', 'next']) {
    await deliver(world, key)
    await world.writer.mark(sampleMark(0, 0, { published: [range] }))
    const answer = {
      caller: 'billing',
      key,
      requestHash: 'aa',
      statusIfNew: 202,
      statusIfKnown: 200,
    }
    await world.writer.commitAll([], answer)
  }
  const ahead = world.clock.now() + YEAR_MS
  const { client } = world.database
  client.run('UPDATE chunks SET committed_at = ? WHERE seq = 1', [ahead])
  client.run('UPDATE publish_log SET at = ? WHERE id = 1', [ahead])
  client.run('UPDATE idempotency_keys SET answered_at = ? WHERE id = 1', [ahead])
  world.clock.advance(RETENTION_MS + 1)
  expect(sweep(world)).toBe(3)
  world.clock.advance(YEAR_MS)
  sweep(world)
  expect(eventIds(world)).toEqual([])
})

test('a hash that a clock far ahead has left does not swallow new events', async () => {
  await using world = await openDbWorld()
  world.clock.jump(YEAR_MS)
  await deliver(world, 'hash', HOUR_MS)
  world.clock.jump(-YEAR_MS)
  expect(await deliver(world, 'hash', HOUR_MS)).toEqual({ kind: 'stored', seq: 2 })
  world.clock.jump(-MINUTE_MS)
  expect(await deliver(world, 'hash', HOUR_MS)).toMatchObject({ kind: 'duplicate', seq: 2 })
})
