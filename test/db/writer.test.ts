import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { openInbox } from '../../db/inbox.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openWriter } from '../../db/writer.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { COMMIT_DELIVERIES_MAX, PENDING_BYTES_MAX } from '../../src/limits/limits.ts'
import type { NewEvent } from '../../src/event.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'
import { heldSync, openDbWorld, RETENTION_MS, settle, stateOf, storedIds } from './world.ts'
import { bytes, codeOf, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

test('a commit is answered only after its sync', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const commit = world.writer.commit(sampleEvent('e1'))
  await settle()
  expect(await stateOf(commit)).toBe('pending')
  await sync.finish()
  expect(await commit).toEqual({ kind: 'stored', seq: 1 })
})

test('a duplicate of a row whose sync still runs waits for it', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const first = world.writer.commit(sampleEvent('e1'))
  const again = world.writer.commit(sampleEvent('e1'))
  await settle()
  expect(await stateOf(again)).toBe('pending')
  await sync.finish()
  expect(await first).toEqual({ kind: 'stored', seq: 1 })
  expect(await again).toEqual({ kind: 'duplicate', seq: 1, sameBody: true })
})

test('a duplicate within one batch waits for the sync of that batch', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const opening = world.writer.commit(sampleEvent('e0'))
  const first = world.writer.commit(sampleEvent('e1'))
  const again = world.writer.commit(sampleEvent('e1'))
  await sync.finish()
  await opening
  expect(await stateOf(first)).toBe('pending')
  expect(await stateOf(again)).toBe('pending')
  await sync.finish()
  expect(await again).toEqual({ kind: 'duplicate', seq: 2, sameBody: true })
})

test('what arrives during a sync becomes one commit with one chunk', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const commits = ['e1', 'e2', 'e3', 'e4'].map((id) => world.writer.commit(sampleEvent(id)))
  await sync.finish()
  await sync.finish()
  expect((await Promise.all(commits)).map((answer) => answer.seq)).toEqual([1, 2, 3, 4])
  const chunks = world.database.client.query('SELECT inbox_first, inbox_last FROM chunks').values()
  expect(chunks).toEqual([
    [1, 1],
    [2, 4],
  ])
})

test('one commit takes no more deliveries than its limit', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const commits = Array.from({ length: COMMIT_DELIVERIES_MAX + 2 }, (_, index) =>
    world.writer.commit(sampleEvent(`e${index}`)),
  )
  await sync.finish()
  await sync.finish()
  expect(await stateOf(commits.at(-2) ?? Promise.reject())).toBe('kept')
  expect(await stateOf(commits.at(-1) ?? Promise.reject())).toBe('pending')
  await sync.finish()
  await Promise.all(commits)
})

test('what somebody else found broken is not acknowledged either, though its sync succeeds', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const inBatch = codeOf(world.writer.commit(sampleEvent('e1')))
  const queued = codeOf(world.writer.commit(sampleEvent('e2')))
  world.writer.fail(new GatewayError('STORAGE_FAILED', 'the file was removed'))
  expect(await queued).toBe('STORAGE_FAILED')
  expect(await inBatch).toBe('STORAGE_FAILED')
  await sync.finish()
  expect(await codeOf(world.writer.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  expect(world.fatal).toHaveLength(1)
  expect(world.writer.pendingBytes).toBe(0)
  expect(world.writer.syncedOutboxSeq).toBe(0)
})

test('a failed sync acknowledges nothing, then or later, and reports itself once', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const inBatch = codeOf(world.writer.commit(sampleEvent('e1')))
  const queued = codeOf(world.writer.commit(sampleEvent('e2')))
  await sync.finish(new Error('EIO'))
  expect(await inBatch).toBe('STORAGE_FAILED')
  expect(await queued).toBe('STORAGE_FAILED')
  expect(await codeOf(world.writer.commit(sampleEvent('e1')))).toBe('STORAGE_FAILED')
  expect(await codeOf(world.writer.mark(sampleMark(0, 1)))).toBe('STORAGE_FAILED')
  expect(world.fatal).toHaveLength(1)
  expect(world.writer.pendingBytes).toBe(0)
  expect(world.writer.syncedOutboxSeq).toBe(0)
})

test('a batch of nothing but duplicates of what is on disk needs no sync', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const first = world.writer.commit(sampleEvent('e1'))
  await sync.finish()
  await first
  expect(await world.writer.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate' })
  expect(sync.isRunning).toBe(false)
})

test('a duplicate with other bytes is counted, and the first of them kept', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  const other = { body: bytes('{"pending_webhooks":2}') }
  const third = { body: bytes('{"pending_webhooks":1}') }
  expect(await world.writer.commit(sampleEvent('e1', other))).toMatchObject({ sameBody: false })
  expect(await world.writer.commit(sampleEvent('e1', third))).toMatchObject({ sameBody: false })
  const event = openInbox(world.database).bySeq(1)
  expect(event?.variants).toMatchObject({ count: 2, firstBody: other.body })
  expect(event?.records).toHaveLength(1)
})

test('the same id of another source is another event', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  expect(await world.writer.commit(sampleEvent('e1', { source: 'shop' }))).toEqual({
    kind: 'stored',
    seq: 2,
  })
})

test('one event that cannot be stored does not take its batch along', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const poison = sampleEvent('poison', { type: null as unknown as string })
  const opening = world.writer.commit(sampleEvent('e0'))
  const before = world.writer.commit(sampleEvent('e1'))
  const bad = codeOf(world.writer.commit(poison))
  const after = world.writer.commit(sampleEvent('e2'))
  await sync.finish()
  await sync.finish()
  await opening
  expect(await bad).toBe('STORAGE_FAILED')
  expect([(await before).seq, (await after).seq]).toEqual([2, 3])
  expect(world.fatal).toEqual([])
  const inbox = openInbox(world.database)
  expect(inbox.bySeq(3)?.body).toEqual(bytes('{"id":"e2"}'))
  expect(inbox.countByState().accepted).toBe(3)
})

test('a record that cannot be stored leaves nothing of its event behind', async () => {
  await using world = await openDbWorld()
  const [record] = sampleEvent('e1').records
  if (record === undefined) throw new Error('the sample has a record')
  const bad: NewEvent = sampleEvent('e1', {
    records: [record, { ...record, topic: null as unknown as string }],
  })
  expect(await codeOf(world.writer.commit(bad))).toBe('STORAGE_FAILED')
  expect(await world.writer.commit(sampleEvent('e1'))).toEqual({ kind: 'stored', seq: 1 })
  expect(openOutbox(world.database).lag().pending).toBe(1)
})

test('above the memory limit an event is refused at once', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const huge = { body: new Uint8Array(PENDING_BYTES_MAX / 2) as NewEvent['body'] }
  const first = world.writer.commit(sampleEvent('e1', huge))
  const refused = world.writer.commit(sampleEvent('e2', huge))
  expect(await codeOf(refused)).toBe('OVERLOADED')
  await sync.finish()
  await first
  expect(world.writer.pendingBytes).toBe(0)
})

test('a hold waits for the sync under way and keeps the next commit back', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const first = world.writer.commit(sampleEvent('e1'))
  const release = Promise.withResolvers<void>()
  let isHeld = false
  const hold = world.writer.hold(() => {
    isHeld = true
    return release.promise
  })
  const second = world.writer.commit(sampleEvent('e2'))
  await settle()
  expect(isHeld).toBe(false)
  await sync.finish()
  await first
  expect(isHeld).toBe(true)
  expect(sync.isRunning).toBe(false)
  release.resolve()
  await hold
  await sync.finish()
  await second
})

test('closing finishes what is queued and refuses the rest', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const commits = [world.writer.commit(sampleEvent('e1')), world.writer.commit(sampleEvent('e2'))]
  const closed = world.writer.close()
  expect(await codeOf(world.writer.commit(sampleEvent('e3')))).toBe('DRAINING')
  await sync.finish()
  expect(await stateOf(closed)).toBe('pending')
  await sync.finish()
  await closed
  expect(await Promise.all(commits)).toHaveLength(2)
})

test('listeners hear of outbox seqs when they are on disk, not before', async () => {
  const sync = heldSync()
  await using world = await openDbWorld({ sync })
  const heard: number[] = []
  world.writer.onSynced((seq) => heard.push(seq))
  const commit = world.writer.commit(sampleEvent('e1'))
  await settle()
  expect(heard).toEqual([])
  await sync.finish()
  await commit
  expect(heard).toEqual([1])
  const ignored = world.writer.commit(sampleEvent('e2', { state: 'ignored', records: [] }))
  await sync.finish()
  await ignored
  expect(heard).toEqual([1, 1])
})

test('a restart keeps everything and counts on', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  await world.writer.mark(sampleMark(0, 1))
  await world.restart()
  expect(world.writer.syncedOutboxSeq).toBe(1)
  expect(await world.writer.commit(sampleEvent('e1'))).toMatchObject({ kind: 'duplicate', seq: 1 })
  expect(await world.writer.commit(sampleEvent('e2'))).toEqual({ kind: 'stored', seq: 2 })
  expect(openOutbox(world.database).progress()).toBe(1)
})

test('an empty body is stored as one', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1', { body: bytes('') }))
  expect(openInbox(world.database).bySeq(1)?.body).toEqual(new Uint8Array())
})

test('a mark moves the high-water mark and logs where records landed', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  const range = {
    topic: 't',
    partition: 2,
    seqFirst: 1,
    seqLast: 1,
    records: 1,
    baseOffset: '9007199254740993',
  }
  await world.writer.mark(sampleMark(0, 1, { published: [range] }))
  expect(openOutbox(world.database).progress()).toBe(1)
  const row = world.database.client.query('SELECT base_offset FROM publish_log').values()
  expect(row).toEqual([['9007199254740993']])
})

test('a mark that contradicts the state changes nothing', async () => {
  await using world = await openDbWorld()
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id))
  await world.writer.mark(sampleMark(0, 2, { exceptions: [sampleException(2)] }))
  const wrong = [
    sampleMark(0, 3), // it is not at 0
    sampleMark(2, 1), // backwards
    sampleMark(2, 4), // beyond what is on disk
    sampleMark(2, 2, { exceptions: [sampleException(3)] }), // above the mark
    sampleMark(2, 2, { exceptions: [sampleException(1)] }), // published already
    sampleMark(2, 3, { settled: [2] }), // blocked: a redrive comes first
    sampleMark(2, 3, { settled: [3] }), // never was an exception
  ]
  for (const mark of wrong) expect(await codeOf(world.writer.mark(mark))).toBe('STORAGE_FAILED')
  const outbox = openOutbox(world.database)
  expect(outbox.progress()).toBe(2)
  expect(outbox.lag()).toMatchObject({ pending: 1, blocked: 1 })
  expect(world.fatal).toEqual([])
})

test('an exception goes its way: blocked, redriven, published', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  const outbox = openOutbox(world.database)
  const mark = (overrides: Parameters<typeof sampleMark>[2]) =>
    world.writer.mark(sampleMark(outbox.progress(), 1, overrides))
  await mark({ exceptions: [sampleException(1)] })
  expect(outbox.blockedKeys()).toEqual([{ topic: 'webhooks.github', key: 'repository-1' }])
  await mark({ exceptions: [sampleException(1, { status: 'retry', attempts: 2 })] })
  expect(outbox.retryTopics()).toEqual(['webhooks.github'])
  await mark({ settled: [1] })
  expect(outbox.lag()).toEqual({
    pending: 0,
    lastSeq: 1,
    oldestReceivedAt: null,
    retry: 0,
    blocked: 0,
    dead: 0,
  })
})

test('after a failed sync the WAL is left as it is, for the next start to write anew', async () => {
  await using dir = await makeTempDir()
  const path = join(dir.path, DATABASE_FILE)
  const sync = heldSync()
  const database = openDatabase({ path, clock: manualClock() })
  const dedup = openDedup(database, { retentionMs: RETENTION_MS })
  const writer = openWriter({ database, dedup, onFatal: () => undefined, sync })
  const commit = codeOf(writer.commit(sampleEvent('e1')))
  await sync.finish(new Error('EIO'))
  expect(await commit).toBe('STORAGE_FAILED')

  database.close()
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0)

  using next = openDatabase({ path, clock: manualClock() })
  expect(storedIds(next)).toEqual(['e1'])
})
