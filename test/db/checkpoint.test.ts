import { expect, test } from 'bun:test'
import { copyFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { openCheckpointer, type CheckpointerOptions, type Copy } from '../../db/checkpoint.ts'
import type { CheckpointAnswer } from '../../db/copy-wal.ts'
import { openReader } from '../../db/open.ts'
import { silentLog } from '../../src/log.ts'
import { openDbWorld, settle, type DbWorld } from './world.ts'
import { codeOf, noise, sampleEvent } from '../support/stored.ts'

const MIB = 1024 * 1024

async function fill(world: DbWorld, name: string, mebibytes: number): Promise<void> {
  const body = noise(MIB)
  const ids = Array.from({ length: mebibytes }, (_, index) => `${name}-${index}`)
  await Promise.all(ids.map((id) => world.writer.commit(sampleEvent(id, { body, records: [] }))))
}

function walOf(world: DbWorld) {
  const [row] = world.database.client.query('PRAGMA wal_checkpoint(NOOP)').values()
  const [, frames, copied] = (row ?? []).map(Number)
  return { frames: frames ?? -1, copied: copied ?? -1, bytes: statSync(`${world.path}-wal`).size }
}

function openCheckpointerOf(
  world: DbWorld,
  options: Pick<CheckpointerOptions, 'copy' | 'syncMs'> = {},
) {
  const { database, writer, clock } = world
  const checkpointer = openCheckpointer({ database, writer, clock, log: silentLog, ...options })
  return { ...checkpointer, [Symbol.dispose]: () => checkpointer.close() }
}

test('what is committed is copied by the thread, beside the writer', async () => {
  await using world = await openDbWorld()
  using checkpointer = openCheckpointerOf(world)
  await world.writer.commit(sampleEvent('a'))
  await checkpointer.runOnce()
  expect(walOf(world).copied).toBe(0)
  await fill(world, 'b', 8)
  await checkpointer.runOnce()
  const { frames, copied } = walOf(world)
  expect(frames).toBeGreaterThan(2_000)
  expect(copied).toBe(frames)
})

/**
 * Stands in for traffic that never pauses: a commit lands during each copy, unless the writer is
 * held. The reader makes the copy end where it would have ended, at the last frame from before that
 * commit.
 */
function openBusy(world: DbWorld) {
  const reader = openReader(world.path)
  let copies = 0
  const copy: Copy = {
    async run() {
      reader.client.run('BEGIN')
      reader.client.query('SELECT count(*) FROM inbox').get()
      copies += 1
      const commit = world.writer.commit(sampleEvent(`busy-${copies}`, { records: [] }))
      world.database.client.run('PRAGMA wal_checkpoint(PASSIVE)')
      reader.client.run('ROLLBACK')
      await Promise.race([commit, settle()])
      return { kind: 'done' }
    },
    close() {},
  }
  return { copy, copies: () => copies, [Symbol.dispose]: () => reader.close() }
}

test('a WAL that is never idle starts over all the same', async () => {
  await using world = await openDbWorld()
  using busy = openBusy(world)
  using checkpointer = openCheckpointerOf(world, busy)
  await fill(world, 'a', 70)
  expect(walOf(world).bytes).toBeGreaterThan(70 * MIB)
  await checkpointer.runOnce()
  await world.writer.commit(sampleEvent('next'))
  expect(walOf(world).frames).toBeLessThan(100)
  expect(busy.copies()).toBe(2)
})

test('on a quick disk its last stretch is copied without the thread', async () => {
  await using world = await openDbWorld()
  using busy = openBusy(world)
  using checkpointer = openCheckpointerOf(world, { ...busy, syncMs: () => 1 })
  await fill(world, 'a', 33)
  await checkpointer.runOnce()
  await world.writer.commit(sampleEvent('next'))
  expect(walOf(world).frames).toBeLessThan(100)
  expect(busy.copies()).toBe(1)
})

test('a WAL that a long reader has let grow is given back once the reader ends', async () => {
  await using world = await openDbWorld()
  using checkpointer = openCheckpointerOf(world)
  using reader = openReader(world.path)
  reader.client.run('BEGIN')
  reader.client.query('SELECT count(*) FROM inbox').get()
  for (const part of ['a', 'b', 'c']) await fill(world, part, 90)
  await checkpointer.runOnce()
  expect(walOf(world).bytes).toBeGreaterThan(260 * MIB)
  reader.client.run('ROLLBACK')
  await checkpointer.runOnce()
  expect(walOf(world).bytes).toBe(0)
}, 20_000)

test('the loop ends when it is told to, and leaves nothing asleep', async () => {
  await using world = await openDbWorld()
  using checkpointer = openCheckpointerOf(world)
  const abort = new AbortController()
  const running = checkpointer.run(abort.signal)
  abort.abort()
  await running
})

const LOSSES: readonly (readonly [string, (path: string) => void])[] = [
  ['the database is removed', (path) => rmSync(path)],
  ['its WAL is removed', (path) => rmSync(`${path}-wal`)],
  [
    'a copy takes its place',
    (path) => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
  ],
]

test.each(LOSSES)('where %s, nothing more is acknowledged', async (_, lose) => {
  await using world = await openDbWorld()
  using checkpointer = openCheckpointerOf(world)
  await checkpointer.runOnce()
  expect(world.fatal).toEqual([])
  lose(world.path)
  // SQLite itself does not notice.
  await world.writer.commit(sampleEvent('lost'))
  await checkpointer.runOnce()
  await checkpointer.runOnce()
  expect(world.fatal).toMatchObject([{ code: 'STORAGE_FAILED' }])
  expect(await codeOf(world.writer.commit(sampleEvent('next')))).toBe('STORAGE_FAILED')
})

test('a WAL that starts over, or is emptied, is still the same file', async () => {
  await using world = await openDbWorld()
  using checkpointer = openCheckpointerOf(world)
  await fill(world, 'a', 1)
  world.database.client.run('PRAGMA wal_checkpoint(RESTART)')
  await fill(world, 'b', 1)
  world.database.client.run('PRAGMA wal_checkpoint(TRUNCATE)')
  world.database.client.run('VACUUM')
  openReader(world.path).close()
  await checkpointer.runOnce()
  expect(world.fatal).toEqual([])
})

test('a checkpoint that the disk fails ends the process; a full disk does not', async () => {
  await using world = await openDbWorld()
  await fill(world, 'a', 8)
  // Stands in for the disk: a real one fails when it likes.
  const answers: CheckpointAnswer[] = [
    { kind: 'failed', blame: 'full', message: 'database or disk is full' },
    { kind: 'failed', blame: 'storage', message: 'disk I/O error' },
    { kind: 'failed', blame: 'storage', message: 'tried again in this process' },
  ]
  const copy: Copy = {
    run: () => Promise.resolve(answers.shift() ?? { kind: 'done' }),
    close() {},
  }
  using checkpointer = openCheckpointerOf(world, { copy })
  await checkpointer.runOnce()
  expect(world.fatal).toEqual([])
  await checkpointer.runOnce()
  await checkpointer.runOnce()
  expect(world.fatal).toHaveLength(1)
})
