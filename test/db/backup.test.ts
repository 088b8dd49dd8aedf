import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { backUp } from '../../db/backup.ts'
import { DATABASE_FILE, openDatabase, openReader } from '../../db/open.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { manualClock } from '../support/manual-clock.ts'
import { openDbWorld, type DbWorld, storedIds } from './world.ts'
import { sampleEvent, sampleMark } from '../support/stored.ts'

function targetIn(world: DbWorld): string {
  return join(dirname(dirname(world.path)), 'backup.db')
}

/** Why a backup is refused. */
function refusal(world: DbWorld, target: string): string {
  using reader = openReader(world.path)
  try {
    backUp(reader, target)
  } catch (error) {
    return messageOf(error)
  }
  return 'none'
}

test('a copy beside a running gateway has all that was acknowledged, and another epoch', async () => {
  await using world = await openDbWorld()
  await Promise.all(['e1', 'e2', 'e3'].map((id) => world.writer.commit(sampleEvent(id))))
  await world.writer.mark(sampleMark(0, 1))
  const target = targetIn(world)
  using reader = openReader(world.path)
  expect(backUp(reader, target)).toMatchObject({ events: 3, unpublished: 2 })

  expect(statSync(target).mode & 0o777).toBe(0o600)
  const restored = join(dirname(target), 'restored', DATABASE_FILE)
  mkdirSync(dirname(restored))
  expect(readdirSync(dirname(target)).toSorted()).toEqual(['backup.db', 'data', 'restored'])
  writeFileSync(restored, new Uint8Array(await Bun.file(target).arrayBuffer()))
  using database = openDatabase({ path: restored, clock: manualClock() })
  expect(storedIds(database).toSorted()).toEqual(['e1', 'e2', 'e3'])
  expect(database.epoch).not.toBe(world.database.epoch)
  // The gateway itself goes on.
  expect(await world.writer.commit(sampleEvent('e4'))).toEqual({ kind: 'stored', seq: 4 })
})

test('what exists is not replaced, nor what another backup is writing', async () => {
  await using world = await openDbWorld()
  const target = targetIn(world)
  writeFileSync(target, 'mine')
  expect(refusal(world, target)).toContain('a backup replaces nothing')
  expect(await Bun.file(target).text()).toBe('mine')

  const other = `${target}.2`
  writeFileSync(`${other}.partial`, 'theirs')
  expect(refusal(world, other)).toContain('another backup is writing it')
  expect(await Bun.file(`${other}.partial`).text()).toBe('theirs')
})

test('a backup that cannot be written leaves nothing behind', async () => {
  await using world = await openDbWorld()
  const target = join(targetIn(world), 'nowhere', 'backup.db')
  expect(refusal(world, target)).toContain('ENOENT')
  expect(existsSync(targetIn(world))).toBe(false)
})
