import { expect, test } from 'bun:test'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openNodeSqlite } from '../../../db/portable/node-sqlite.ts'
import { openPortableStore } from '../../../db/portable/store.ts'
import { DATABASE_FILE, openDatabase } from '../../../db/open.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { makeTempDir } from '../../support/temp.ts'
import { RETENTION_MS } from '../world.ts'
import { bytes, codeOf, sampleEvent } from '../../support/stored.ts'

function open(directory: string, fatal: unknown[] = []) {
  const onFatal = (error: unknown) => void fatal.push(error)
  return openNodeSqlite({ directory, now: 1, onFatal })
}

test('every commit is synced by SQLite itself', async () => {
  await using dir = await makeTempDir()
  using sqlite = open(dir.path)
  const pragmas = ['synchronous', 'journal_mode'].map((name) => {
    return { sql: `PRAGMA ${name}`, params: [] }
  })
  const rows = await sqlite.batch(pragmas)
  expect(rows.flat().flatMap((row) => Object.values(row))).toEqual([2, 'wal'])
})

test('one process owns the data directory, whichever storage it has', async () => {
  await using dir = await makeTempDir()
  const first = open(dir.path)
  expect(() => open(dir.path)).toThrow('DATA_DIR_IN_USE')
  const path = join(dir.path, DATABASE_FILE)
  expect(() => openDatabase({ path, clock: manualClock() })).toThrow('DATA_DIR_IN_USE')
  first.close()
  open(dir.path).close()
})

test('the file of the core is not taken for its own', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  openDatabase({ path, clock: manualClock() }).close()
  await copyFile(path, join(dir.path, 'inlet-portable.db'))
  expect(() => open(dir.path)).toThrow('STORAGE_UNUSABLE')
})

test('of batches that share a transaction one that fails takes no other along', async () => {
  await using dir = await makeTempDir()
  using sqlite = open(dir.path)
  const add = (name: string) => ({ sql: 'INSERT INTO meta VALUES (?1, ?1)', params: [name] })
  const before = sqlite.batch([add('a')])
  const refused = codeOf(sqlite.batch([add('b'), add('a')]))
  const after = sqlite.batch([add('c')])
  await Promise.all([before, after])
  expect(await refused).toBe('STORAGE_FAILED')
  const [names] = await sqlite.batch([{ sql: 'SELECT name FROM meta', params: [] }])
  expect(names?.map(({ name }) => name)).toEqual(['a', 'c'])
})

test('a full database says so, and goes on when there is room', async () => {
  await using dir = await makeTempDir()
  using sqlite = open(dir.path)
  const options = { clock: manualClock(), retentionMs: RETENTION_MS, handsOn: 'entries' } as const
  const store = openPortableStore(sqlite, options)
  const large = sampleEvent('e1', { body: bytes('x'.repeat(100_000)) })
  const pagesMax = (pages: number) =>
    sqlite.batch([{ sql: `PRAGMA max_page_count = ${pages}`, params: [] }])
  await pagesMax(1)
  const both = [codeOf(store.commit(large)), codeOf(store.commit(sampleEvent('e2')))]
  expect(await Promise.all(both)).toEqual(['STORAGE_FULL', 'STORAGE_FULL'])
  await pagesMax(1_000_000)
  expect(await store.commit(large)).toEqual({ kind: 'stored', seq: 1 })
})

test('after a write that failed nothing is taken any more, and somebody is told once', async () => {
  await using dir = await makeTempDir()
  const fatal: unknown[] = []
  using sqlite = open(dir.path, fatal)
  const options = { clock: manualClock(), retentionMs: RETENTION_MS, handsOn: 'entries' } as const
  const store = openPortableStore(sqlite, options)
  await store.commit(sampleEvent('e1'))
  // As a disk that takes no more writes: SQLite says READONLY, or IOERR.
  await sqlite.batch([{ sql: 'PRAGMA query_only = ON', params: [] }])
  const both = [store.commit(sampleEvent('e2')), store.commit(sampleEvent('e3'))]
  expect(await Promise.all(both.map(codeOf))).toEqual(['STORAGE_FAILED', 'STORAGE_FAILED'])
  expect(await codeOf(store.commit(sampleEvent('e4')))).toBe('STORAGE_FAILED')
  expect(fatal).toHaveLength(1)
})

test('what is queued at the end is stored, and later batches are refused', async () => {
  await using dir = await makeTempDir()
  const sqlite = open(dir.path)
  const queued = sqlite.batch([{ sql: "INSERT INTO meta VALUES ('a', 'b')", params: [] }])
  sqlite.close()
  await queued
  expect(await codeOf(sqlite.batch([]))).toBe('DRAINING')
  using again = open(dir.path)
  const [rows] = await again.batch([{ sql: "SELECT value FROM meta WHERE name = 'a'", params: [] }])
  expect(rows?.length).toBe(1)
})
