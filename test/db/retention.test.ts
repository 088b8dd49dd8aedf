import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { openDedup } from '../../db/dedup.ts'
import { openInbox } from '../../db/inbox.ts'
import { openRetention } from '../../db/retention.ts'
import type { VerifiedBody } from '../../src/delivery.ts'
import { openDbWorld, DAY_MS, RETENTION_MS, type DbWorld, storedIds } from './world.ts'
import { bytes, noise, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

function openRetentionOf(world: DbWorld) {
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS })
  const retention = openRetention(world.database, { retentionMs: RETENTION_MS, dedup })
  /** Calls it until it says that nothing is left. */
  return () => {
    let deleted = 0
    for (;;) {
      const slice = retention.retainOnce()
      deleted += slice.deleted
      if (!slice.more) return deleted
    }
  }
}

function countRows(world: DbWorld, table: string): number {
  const [row] = world.database.client.query(`SELECT count(*) FROM ${table}`).values()
  return Number(row?.[0])
}

test('what is published and old goes, with everything of it; what is young stays', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  await world.writer.commit(sampleEvent('old'))
  await world.writer.commit(sampleEvent('old', { body: bytes('other') }))
  const range = { topic: 't', partition: 0, seqFirst: 1, seqLast: 1, records: 1, baseOffset: '0' }
  await world.writer.mark(sampleMark(0, 1, { published: [range], at: world.clock.now() }))
  world.clock.advance(RETENTION_MS)
  await world.writer.commit(sampleEvent('young'))
  await world.writer.mark(sampleMark(1, 2, { published: [range], at: world.clock.now() }))
  expect(retain()).toBe(0)
  world.clock.advance(1)
  expect(retain()).toBe(2)
  const tables = ['chunks', 'inbox', 'outbox', 'publish_log', 'variants']
  expect(tables.map((table) => countRows(world, table))).toEqual([1, 1, 1, 1, 0])
  expect(storedIds(world.database)[0]).toBe('young')
})

test('the request of a batch goes with its events', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  const request = bytes('[{"a":1},{"b":2}]')
  const events = [request.subarray(1, 8), request.subarray(9, 16)].map((body, at) =>
    sampleEvent(`e${at}`, { body: body as VerifiedBody, request, records: [] }),
  )
  await world.writer.commitAll(events)
  world.clock.advance(RETENTION_MS + 1)
  expect(retain()).toBe(2)
  expect(countRows(world, 'batches')).toBe(0)
})

test('an id lives as long as its event, and names a new one then', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  await world.writer.commit(sampleEvent('e1', { records: [] }))
  world.clock.advance(RETENTION_MS)
  retain()
  expect(await world.writer.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate', seq: 1 })
  world.clock.advance(1)
  retain()
  expect(await world.writer.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 2 })
})

test('runs of ids go with their events, but for the newest', async () => {
  await using world = await openDbWorld({ runIds: 4 })
  const retain = openRetentionOf(world)
  for (let n = 0; n < 13; n += 1) await world.writer.commit(sampleEvent(`e${n}`, { records: [] }))
  expect(countRows(world, 'dedup_runs')).toBe(3)
  world.clock.advance(RETENTION_MS + 1)
  expect(retain()).toBe(13 + 8)
  expect(countRows(world, 'dedup_runs')).toBe(1)
  expect(countRows(world, 'dedup_slices')).toBe(512)
})

test('what is not published stays, however old', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  for (const id of ['dead', 'published', 'retry', 'blocked', 'pending']) {
    await world.writer.commit(sampleEvent(id))
  }
  await world.writer.mark(
    sampleMark(0, 4, {
      exceptions: [
        sampleException(1, { status: 'retry' }),
        sampleException(3, { status: 'retry' }),
        sampleException(4),
      ],
    }),
  )
  await world.writer.mark(
    sampleMark(4, 4, { exceptions: [sampleException(1, { status: 'dead' })] }),
  )
  world.clock.advance(100 * DAY_MS)
  retain()
  expect(storedIds(world.database)).toEqual(['pending', 'blocked', 'retry', 'dead'])
  await world.writer.mark(sampleMark(4, 5, { settled: [3] }))
  retain()
  expect(storedIds(world.database)).toEqual(['blocked', 'dead'])
})

test('one unpublished entry keeps the other events of its commit', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  const ids = ['alone', 'a', 'b', 'c']
  await Promise.all(ids.map((id) => world.writer.commit(sampleEvent(id))))
  await world.writer.mark(sampleMark(0, 4, { exceptions: [sampleException(3)] }))
  world.clock.advance(100 * DAY_MS)
  retain()
  expect(storedIds(world.database)).toHaveLength(3)
  expect(openInbox(world.database).bySeq(3)?.body).toEqual(bytes('{"id":"b"}'))
})

test('commits that are kept do not stand in the way of later ones', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  const exceptions = []
  for (let seq = 1; seq <= 150; seq += 1) {
    await world.writer.commit(sampleEvent(`e${seq}`))
    if (seq <= 100) exceptions.push(sampleException(seq))
  }
  await world.writer.mark(sampleMark(0, 150, { exceptions }))
  world.clock.advance(RETENTION_MS + 1)
  expect(retain()).toBe(50)
  expect(countRows(world, 'inbox')).toBe(100)
})

test('a number is not given twice, also when everything is gone', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  await world.writer.commit(sampleEvent('e1'))
  await world.writer.mark(sampleMark(0, 1))
  world.clock.advance(2 * RETENTION_MS)
  retain()
  expect(countRows(world, 'inbox')).toBe(0)
  await world.restart()
  expect(await world.writer.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 2 })
})

test('a file that a burst has left empty gives its space back', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  const pages = () => world.database.client.query('PRAGMA page_count').values()[0]?.[0]
  const body = noise(1024 * 1024)
  for (let index = 0; index < 16; index += 1) {
    await world.writer.commit(sampleEvent(`e${index}`, { body, records: [] }))
  }
  expect(Number(pages())).toBeGreaterThan(4_000)
  world.clock.advance(2 * RETENTION_MS)
  retain()
  expect(Number(pages())).toBeLessThan(400)
})

test('a disk that fails while it deletes is reported as such, not tried again', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  await world.writer.commit(sampleEvent('e1', { records: [] }))
  world.clock.advance(2 * RETENTION_MS)
  // Stands in for a file system that was remounted read-only.
  world.database.client.run('PRAGMA query_only = 1')
  expect(retain).toThrow('readonly')
  expect(world.fatal).toMatchObject([{ code: 'STORAGE_FAILED' }])
  world.database.client.run('PRAGMA query_only = 0')
})

test('where the database is locked, it deletes nothing and does not fail', async () => {
  await using world = await openDbWorld()
  const retain = openRetentionOf(world)
  await world.writer.commit(sampleEvent('e1', { records: [] }))
  world.clock.advance(2 * RETENTION_MS)
  using shell = new Database(world.path)
  shell.run('BEGIN IMMEDIATE')
  expect(retain()).toBe(0)
  shell.run('ROLLBACK')
  expect(retain()).toBeGreaterThan(0)
})
