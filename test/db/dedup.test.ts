import { expect, test } from 'bun:test'
import { openDedup } from '../../db/dedup.ts'
import { openDbWorld, sampleEvent, DAY_MS, HOUR_MS, RETENTION_MS, type DbWorld } from './world.ts'

/** Commits the event as received now. */
async function deliver(world: DbWorld, eventId: string, eventIdValidMs?: number) {
  const receivedAt = world.clock.now()
  return world.writer.commit(sampleEvent(eventId, { receivedAt, eventIdValidMs }))
}

test('an id is recognised in every bucket of the retention window', async () => {
  await using world = await openDbWorld()
  for (let day = 0; day < 7; day += 1) {
    expect(await deliver(world, `day-${day}`)).toMatchObject({ kind: 'stored' })
    world.clock.advance(DAY_MS)
  }
  world.clock.advance(-1)
  for (let day = 0; day < 7; day += 1) {
    expect(await deliver(world, `day-${day}`)).toMatchObject({ kind: 'duplicate', seq: day + 1 })
  }
})

test('an id is forgotten after the window, and names a new event then', async () => {
  await using world = await openDbWorld()
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS })
  await deliver(world, 'e1')
  world.clock.advance(RETENTION_MS)
  expect(dedup.forget()).toEqual({ deleted: 0, more: false })
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate' })
  world.clock.advance(RETENTION_MS / 4)
  expect(dedup.forget()).toEqual({ deleted: 1, more: true })
  expect(dedup.forget()).toEqual({ deleted: 0, more: false })
  expect(await deliver(world, 'e1')).toEqual({ kind: 'stored', seq: 2 })
})

test('a bucket is forgotten in slices', async () => {
  await using world = await openDbWorld()
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS })
  const ids = Array.from({ length: 1500 }, (_, index) => `e${index}`)
  await Promise.all(ids.map((id) => deliver(world, id)))
  world.clock.advance(2 * RETENTION_MS)
  expect(dedup.forget()).toEqual({ deleted: 1000, more: true })
  expect(dedup.forget()).toEqual({ deleted: 500, more: true })
  expect(dedup.forget()).toEqual({ deleted: 0, more: false })
})

test('an id that is only a hash is valid for its time, then names a new event', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'hash', HOUR_MS)
  world.clock.advance(HOUR_MS - 1)
  expect(await deliver(world, 'hash', HOUR_MS)).toMatchObject({ kind: 'duplicate', seq: 1 })
  world.clock.advance(1)
  expect(await deliver(world, 'hash', HOUR_MS)).toEqual({ kind: 'stored', seq: 2 })
  expect(await deliver(world, 'hash', HOUR_MS)).toMatchObject({ kind: 'duplicate', seq: 2 })
})

test('of an id in two buckets the newer one counts', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'hash', HOUR_MS)
  world.clock.advance(3 * DAY_MS)
  expect(await deliver(world, 'hash', HOUR_MS)).toEqual({ kind: 'stored', seq: 2 })
  expect(await deliver(world, 'hash', HOUR_MS)).toMatchObject({ kind: 'duplicate', seq: 2 })
})

test('a clock that is set back loses no id', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'e1')
  world.clock.advance(-5 * DAY_MS)
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate', seq: 1 })
})

test('another retention time finds the ids of the former one', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'e1')
  const dedup = openDedup(world.database, { retentionMs: 30 * DAY_MS })
  world.database.write(() => dedup.startBatch())
  expect(dedup.find(sampleEvent('e1'))).toMatchObject({ inboxSeq: 1 })
  world.clock.advance(29 * DAY_MS)
  expect(dedup.forget()).toMatchObject({ deleted: 0 })
})

test('a batch that is rolled back remembers nothing', async () => {
  await using world = await openDbWorld()
  const bad = sampleEvent('e1', { type: null as unknown as string })
  await world.writer.commit(bad).catch(() => undefined)
  expect(await deliver(world, 'e1')).toEqual({ kind: 'stored', seq: 1 })
})
