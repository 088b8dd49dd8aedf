import { Database } from 'bun:sqlite'
import { expect, expectTypeOf, test } from 'bun:test'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { networkFileSystem } from '../../db/files.ts'
import { openInbox } from '../../db/inbox.ts'
import { MIGRATIONS, type Migration } from '../../db/migrate.ts'
import { DATABASE_FILE, openDatabase, openReader, type InletDatabase } from '../../db/open.ts'
import { isAtLeast } from '../../db/sqlite-version.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { openDbWorld, storedIds } from './world.ts'
import { codeOf, sampleEvent } from '../support/stored.ts'

/** The code of the GatewayError that a call throws. */
function thrownBy(call: () => unknown): Promise<string | undefined> {
  return codeOf(Promise.try(call))
}

const clock = manualClock()

test('a second owner is refused while the first lives, and let in after', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const first = openDatabase({ path, clock })
  expect(await thrownBy(() => openDatabase({ path, clock }))).toBe('DATA_DIR_IN_USE')
  first.write(() => first.client.run("UPDATE meta SET value = value WHERE name = 'epoch'"))
  first.close()
  openDatabase({ path, clock }).close()
})

test('a second process is refused, and the lock dies with its owner', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const script = join(import.meta.dir, 'own-database.ts')
  await using owner = Bun.spawn([process.execPath, script, path], { stdout: 'pipe' })
  await owner.stdout.getReader().read()
  expect(await thrownBy(() => openDatabase({ path, clock }))).toBe('DATA_DIR_IN_USE')
  owner.kill('SIGKILL')
  await owner.exited
  openDatabase({ path, clock }).close()
})

test('a reader sees what is committed, beside the owner and without one, and cannot write', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  using beside = openReader(world.path)
  expect(openInbox(beside).bySeq(1)?.eventId).toBe('e1')
  expect(() => beside.client.run('DELETE FROM inbox')).toThrow('readonly')
  await world.writer.commit(sampleEvent('e2'))
  expect(storedIds(beside)[0]).toBe('e2')
  await world.restart()
  expect(openInbox(beside).countByState().accepted).toBe(2)
})

test('a stopped gateway can be read', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  openDatabase({ path, clock }).close()
  using reader = openReader(path)
  expect(storedIds(reader)).toEqual([])
})

test('reading what is not there, or not ours, is refused and changes nothing', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  expect(await thrownBy(() => openReader(path))).toBe('STORAGE_UNUSABLE')
  const foreign = new Database(path)
  foreign.run('CREATE TABLE theirs (a)')
  foreign.close()
  expect(await thrownBy(() => openReader(path))).toBe('STORAGE_UNUSABLE')
  expect(await thrownBy(() => openDatabase({ path, clock }))).toBe('STORAGE_UNUSABLE')
  using again = new Database(path)
  expect(again.query('PRAGMA journal_mode').values()).toEqual([['delete']])
})

test('files and folder belong to their owner alone', async () => {
  await using world = await openDbWorld()
  const mode = async (path: string) => (await stat(path)).mode & 0o777
  expect(await mode(join(world.path, '..'))).toBe(0o700)
  expect(await mode(world.path)).toBe(0o600)
  expect(await mode(`${world.path}-wal`)).toBe(0o600)
  expect(await mode(join(world.path, '..', 'inlet.lock.db'))).toBe(0o600)
})

test('the pragmas are what durability rests on', async () => {
  await using world = await openDbWorld()
  const read = (name: string) => world.database.client.query(`PRAGMA ${name}`).values()[0]?.[0]
  expect({
    journal_mode: read('journal_mode'),
    synchronous: read('synchronous'),
    wal_autocheckpoint: read('wal_autocheckpoint'),
    auto_vacuum: read('auto_vacuum'),
    busy_timeout: read('busy_timeout'),
    mmap_size: read('mmap_size'),
    page_size: read('page_size'),
  }).toEqual({
    journal_mode: 'wal',
    synchronous: 1,
    wal_autocheckpoint: 0,
    auto_vacuum: 2,
    busy_timeout: 250,
    mmap_size: 0,
    page_size: 4096,
  })
})

test('a pragma that does not take refuses the start', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  // auto_vacuum cannot be changed once a file has tables.
  const other = new Database(path)
  other.run('PRAGMA application_id = 1229868116')
  other.run('CREATE TABLE t (a)')
  other.close()
  expect(await thrownBy(() => openDatabase({ path, clock }))).toBe('STORAGE_UNUSABLE')
  expect(() => openDatabase({ path, clock })).toThrow('auto_vacuum is 0, not 2')
})

test('a directory where the file should be is refused', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  await mkdir(path)
  expect(await thrownBy(() => openDatabase({ path, clock }))).toBe('STORAGE_UNUSABLE')
})

test('network file systems are recognised by their type', () => {
  // The numbers as `stat -f` prints them; a test cannot mount one of these.
  expect(networkFileSystem(0x6969)).toBe('NFS')
  expect(networkFileSystem(0xff534d42)).toBe('CIFS')
  expect(networkFileSystem(0xff534d42 | 0)).toBe('CIFS')
  expect(networkFileSystem(0x65735546)).toBe('FUSE')
  expect(networkFileSystem(0xef53)).toBeUndefined()
})

test('versions are compared as numbers', () => {
  expect(isAtLeast('3.51.3', '3.51.3')).toBe(true)
  expect(isAtLeast('3.100.0', '3.51.3')).toBe(true)
  expect(isAtLeast('3.51.2', '3.51.3')).toBe(false)
  expect(isAtLeast('3.9.9', '3.51.3')).toBe(false)
})

test('an async transaction is refused by type, and rolled back at run time', async () => {
  await using world = await openDbWorld()
  const { database } = world
  const rename = () => database.client.run("UPDATE meta SET value = 'changed'")
  const asynchronous = async () => {
    rename()
    await Promise.resolve()
  }
  // @ts-expect-error a callback that returns a promise has no type here
  expect(() => database.write(asynchronous)).toThrow('synchronous')
  expect(database.client.query("SELECT 1 FROM meta WHERE value = 'changed'").all()).toEqual([])
  expectTypeOf(database.write(() => 7)).toEqualTypeOf<number>()
})

test('what a transaction throws comes out, and nothing stays', async () => {
  await using world = await openDbWorld()
  const { database } = world
  const fail = () => {
    database.client.run("UPDATE meta SET value = 'changed'")
    throw new Error('no')
  }
  expect(() => database.write(fail)).toThrow('no')
  expect(database.client.inTransaction).toBe(false)
  expect(database.client.query("SELECT 1 FROM meta WHERE value = 'changed'").all()).toEqual([])
})

test('a file of an earlier version is told from a new one, and from one of this version', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const isUpgraded = (migrations: readonly Migration[]) => {
    using database = openDatabase({ path, clock, migrations })
    return database.isUpgraded
  }
  const later = [...MIGRATIONS, { name: '9999_later', sql: 'CREATE TABLE later (x integer);' }]
  expect([MIGRATIONS, MIGRATIONS, later, later].map(isUpgraded)).toEqual([
    false,
    false,
    true,
    false,
  ])
})

test('the epoch belongs to the file; the name is given, or kept', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const names = (database: InletDatabase) => {
    database.close()
    return { epoch: database.epoch, nodeName: database.nodeName }
  }
  const first = names(openDatabase({ path, clock }))
  expect(first.epoch).toMatch(/^[0-9a-f]{32}$/)
  expect(names(openDatabase({ path, clock }))).toEqual(first)
  expect(names(openDatabase({ path, clock, nodeName: 'east-1' }))).toEqual({
    ...first,
    nodeName: 'east-1',
  })
  expect(names(openDatabase({ path, clock })).nodeName).toBe('east-1')
})
