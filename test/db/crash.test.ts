import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { openInbox } from '../../db/inbox.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { openDbWorld, paddedBody, RETENTION_MS } from './world.ts'
import { storedBodies } from '../support/stored-bodies.ts'
import { codeOf, noise, sampleEvent } from '../support/stored.ts'

const SCRIPT = join(import.meta.dir, 'commit-forever.ts')

/**
 * Commits in another process, kills it once it has acknowledged `least` events, and
 * returns what it acknowledged.
 */
async function commitUntilKilled(path: string, prefix: string, least: number): Promise<string[]> {
  await using child = Bun.spawn([process.execPath, SCRIPT, path, prefix], { stdout: 'pipe' })
  const decoder = new TextDecoder()
  let output = ''
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true })
    if (output.split('\n').length > least && !child.killed) child.kill('SIGKILL')
  }
  // The last line may be cut: only a whole one was sent.
  return output.split('\n').slice(0, -1)
}

test('kill -9 under commits loses nothing that was acknowledged', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const acknowledged: string[] = []
  for (const round of ['r1', 'r2', 'r3']) {
    acknowledged.push(...(await commitUntilKilled(path, round, 500)))
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(1_500)

  using database = openDatabase({ path, clock: manualClock() })
  const rows = storedBodies(database)
  const decoder = new TextDecoder()
  const stored = new Map(
    rows.map(({ eventId, body }) => [eventId, decoder.decode(body ?? undefined)]),
  )
  const lost = acknowledged.filter((id) => stored.get(id) !== paddedBody(id))
  expect(lost).toEqual([])
  expect(stored.size).toBe(rows.length)
  const dedup = openDedup(database, { retentionMs: RETENTION_MS })
  expect(rows.filter(({ eventId }) => dedup.find(sampleEvent(eventId)) === undefined)).toEqual([])
  expect(database.client.query('PRAGMA integrity_check').values()).toEqual([['ok']])
  const packed = database.client.query('SELECT count(*) FROM chunks WHERE raw_bytes > 0').values()
  expect(Number(packed[0]?.[0])).toBeGreaterThan(0)
}, 20_000)

test('a full disk is refused as such, and intake goes on when there is room', async () => {
  await using world = await openDbWorld()
  const { client } = world.database
  await world.writer.commit(sampleEvent('e1'))
  // A ceiling of the file's present size stands in for a full disk: SQLite
  // answers both with SQLITE_FULL.
  const [pages] = client.query('PRAGMA page_count').values()
  client.run(`PRAGMA max_page_count = ${Number(pages?.[0])}`)
  const big = { body: noise(100_000) }
  expect(await codeOf(world.writer.commit(sampleEvent('e2', big)))).toBe('STORAGE_FULL')
  expect(await world.writer.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate' })
  client.run('PRAGMA max_page_count = 1000000')
  expect(await world.writer.commit(sampleEvent('e2', big))).toEqual({ kind: 'stored', seq: 2 })
  expect(openInbox(world.database).bySeq(2)?.body.byteLength).toBe(100_000)
  expect(world.fatal).toEqual([])
})

test('a lock that somebody else holds refuses one commit, not the next', async () => {
  await using world = await openDbWorld()
  using shell = new Database(world.path)
  shell.run('BEGIN IMMEDIATE')
  expect(await codeOf(world.writer.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  shell.run('ROLLBACK')
  expect(await world.writer.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 1 })
  expect(world.fatal).toEqual([])
})
