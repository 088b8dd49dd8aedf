import { expect, test } from 'bun:test'
import { openReader } from '../../db/open.ts'
import { openRoom } from '../../db/room.ts'
import { openDbWorld } from './world.ts'
import { noise, sampleEvent } from '../support/stored.ts'

const MIB = 1024 * 1024

test('room is what the database lacks to its largest size, and what was deleted is room', async () => {
  await using world = await openDbWorld()
  using reader = openReader(world.path)
  const room = openRoom(reader, 8 * MIB)
  const empty = room()
  expect(empty).toBeGreaterThan(7 * MIB)

  await world.writer.commit(sampleEvent('large', { body: noise(2 * MIB) }))
  expect(empty - room()).toBeGreaterThanOrEqual(2 * MIB)
  expect(empty - room()).toBeLessThan(2.1 * MIB)

  world.database.client.run('DELETE FROM chunks')
  expect(room()).toBeGreaterThan(empty - 0.1 * MIB)
})

test('a database above its largest size has no room, and its disk bounds it as well', async () => {
  await using world = await openDbWorld()
  using reader = openReader(world.path)

  expect(openRoom(reader, 1)()).toBe(0)
  expect(openRoom(reader, Number.MAX_SAFE_INTEGER)()).toBeLessThan(Number.MAX_SAFE_INTEGER / 2)
  expect(openRoom(reader, 0)()).toBeGreaterThan(0)
})
