import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { assertMigrated, migrate, MIGRATIONS } from '../../db/migrate.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import * as schema from '../../db/schema.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { DAY_MS } from './world.ts'
import { sampleEvent } from '../support/stored.ts'

const MIGRATIONS_DIR = join(import.meta.dir, '../../db/migrations')

type Snapshot = Awaited<ReturnType<typeof generateSQLiteDrizzleJson>>

const ADD_A = { name: '0001_a', sql: 'CREATE TABLE a (x integer);' }
const ADD_B = { name: '0002_b', sql: 'CREATE TABLE b (x integer);' }

test('migrations apply once, in order', () => {
  using client = new Database(':memory:')
  expect(migrate(client, [ADD_A], 1)).toBe(1)
  expect(migrate(client, [ADD_A, ADD_B], 2)).toBe(1)
  expect(migrate(client, [ADD_A, ADD_B], 3)).toBe(0)
  expect(client.query('SELECT name, applied_at FROM schema_migrations').values()).toEqual([
    ['0001_a', 1],
    ['0002_b', 2],
  ])
})

test('a migration that was changed after it was applied is refused', () => {
  using client = new Database(':memory:')
  migrate(client, [ADD_A], 1)
  const changed = { ...ADD_A, sql: 'CREATE TABLE a (x text);' }
  expect(() => migrate(client, [changed], 2)).toThrow('STORAGE_UNUSABLE: migration 0001_a')
})

test('migrations in another order are refused', () => {
  using client = new Database(':memory:')
  migrate(client, [ADD_A, ADD_B], 1)
  expect(() => migrate(client, [ADD_B, ADD_A], 2)).toThrow('STORAGE_UNUSABLE: migration 0001_a')
})

test('a newer schema is refused', () => {
  using client = new Database(':memory:')
  migrate(client, [ADD_A, ADD_B], 1)
  expect(() => migrate(client, [ADD_A], 2)).toThrow('a newer version wrote this database')
})

test('a migration that fails leaves the schema as it was', () => {
  using client = new Database(':memory:')
  migrate(client, [ADD_A], 1)
  const broken = { name: '0002_broken', sql: 'CREATE TABLE c (x integer); CREATE TABLE a (x);' }
  expect(() => migrate(client, [ADD_A, broken], 2)).toThrow('already exists')
  expect(client.query("SELECT 1 FROM sqlite_schema WHERE name = 'c'").all()).toEqual([])
  expect(migrate(client, [ADD_A, ADD_B], 3)).toBe(1)
})

test('a reader of an older schema is told to start the gateway', () => {
  using client = new Database(':memory:')
  expect(() => assertMigrated(client, [ADD_A])).toThrow('older than this program')
  migrate(client, [ADD_A], 1)
  expect(() => assertMigrated(client, [ADD_A, ADD_B])).toThrow('older than this program')
})

test('two starters at once: one migrates, the other finds nothing to do', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, 'race.db')
  const script = join(import.meta.dir, 'migrate-once.ts')
  const start = () => Bun.spawn([process.execPath, script, path], { stdout: 'pipe' })
  const starters = [start(), start(), start()]
  const applied = await Promise.all(starters.map((starter) => starter.stdout.text()))
  expect(applied.toSorted()).toEqual(['0', '0', String(MIGRATIONS.length)])
})

test('the binary carries every migration that is in the folder, in its order', async () => {
  const files = (await readdir(MIGRATIONS_DIR)).filter((name) => name.endsWith('.sql')).toSorted()
  expect(MIGRATIONS.map(({ name }) => `${name}.sql`)).toEqual(files)
})

test('drizzle-kit would generate nothing new', async () => {
  const meta = join(MIGRATIONS_DIR, 'meta')
  const snapshots = (await readdir(meta)).filter((name) => name.endsWith('_snapshot.json'))
  const newest: Snapshot = await Bun.file(join(meta, snapshots.toSorted().at(-1) ?? '')).json()
  const current = await generateSQLiteDrizzleJson(schema)
  expect(await generateSQLiteMigration(newest, current)).toEqual([])
})

test('the migrated tables have the columns of the schema', async () => {
  await using dir = await makeTempDir()
  using database = openDatabase({ path: join(dir.path, DATABASE_FILE), clock: manualClock() })
  for (const table of Object.values(schema)) {
    if (!(table instanceof SQLiteTable)) continue
    const { name, columns } = getTableConfig(table)
    const rows = database.client.query<{ name: string }, []>(`PRAGMA table_info(${name})`).all()
    const names = columns.map((column) => column.name)
    expect({ name, names: rows.map((row) => row.name) }).toEqual({ name, names })
  }
})

test('ids that were remembered in the former table are still known', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const options = { path, clock: manualClock() }
  const isFormer = ({ name }: { readonly name: string }) => name < '0004'
  {
    using former = openDatabase({ ...options, migrations: MIGRATIONS.filter(isFormer) })
    former.client.run(`
      INSERT INTO dedup_buckets (start, ends_at) VALUES (0, 1);
      INSERT INTO dedup VALUES (0, 'github', 'e1', 1, 4711, NULL);
      INSERT INTO dedup VALUES (0, 'github', 'e2', 2, 4712, 99);`)
    const add = former.client.prepare(`
      INSERT INTO inbox (seq, received_at, state, source, event_id, type, key, content_type,
        chunk_seq, body_offset, body_length)
      VALUES (?, 1, 'accepted', 'github', ?, 'push', 'k', 'application/json', 1, 0, 0)`)
    for (const seq of [1, 2, 3]) add.run(seq, `e${seq}`)
  }
  using database = openDatabase(options)
  const dedup = openDedup(database, { retentionMs: DAY_MS, runIds: 2 })
  expect(dedup.find(sampleEvent('e1'))).toEqual({ inboxSeq: 1, bodyHash: 4711 })
  expect(dedup.find(sampleEvent('e2', { receivedAt: 98 }))).toMatchObject({ inboxSeq: 2 })
  expect(dedup.find(sampleEvent('e2', { receivedAt: 99 }))).toBeUndefined()
  // Its id was forgotten already.
  expect(dedup.find(sampleEvent('e3'))).toBeUndefined()
})
