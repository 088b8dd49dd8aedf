import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { openDedup } from '../../db/dedup.ts'
import { openRetention } from '../../db/retention.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { openDbWorld, DAY_MS, HOUR_MS, RETENTION_MS, type DbWorld } from './world.ts'
import { sampleEvent } from '../support/stored.ts'

/** Small enough that a test fills several. */
const RUN_IDS = 16

/** Why a file is not closed in order. */
const ENDED = new GatewayError('STORAGE_FAILED', 'as if its process were killed')

/** Commits the event as received now. */
async function deliver(world: DbWorld, eventId: string, eventIdValidMs?: number) {
  const receivedAt = world.clock.now()
  return world.writer.commit(sampleEvent(eventId, { receivedAt, eventIdValidMs }))
}

/** Commits as many new events, all at once. */
async function deliverMany(world: DbWorld, prefix: string, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
  await Promise.all(ids.map((id) => deliver(world, id)))
}

function countRuns(world: DbWorld): number {
  return world.database.client.query('SELECT run FROM dedup_runs').all().length
}

test('an id is recognised wherever it has gone: memory, runs, and again after a start', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  const ids = Array.from({ length: 5 * RUN_IDS - 1 }, (_, index) => `e${index}`)
  const seqs = new Map<string, number>()
  for (const id of ids) seqs.set(id, (await deliver(world, id)).seq)
  expect(countRuns(world)).toBe(4)
  for (const start of [false, true]) {
    if (start) await world.restart()
    for (const id of ids) {
      const seq = seqs.get(id)
      expect(await deliver(world, id)).toEqual({
        kind: 'duplicate',
        seq: Number(seq),
        sameBody: true,
      })
    }
  }
})

test('an id is recognised throughout the retention time', async () => {
  await using world = await openDbWorld()
  for (let day = 0; day < 7; day += 1) {
    expect(await deliver(world, `day-${day}`)).toMatchObject({ kind: 'stored' })
    world.clock.advance(DAY_MS)
  }
  for (let day = 0; day < 7; day += 1) {
    expect(await deliver(world, `day-${day}`)).toMatchObject({ kind: 'duplicate', seq: day + 1 })
  }
})

test('more than one run comes of a commit with many events', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'first', 3 * RUN_IDS + 5)
  await deliver(world, 'last')
  expect(countRuns(world)).toBe(3)
  expect(await deliver(world, 'first-0')).toMatchObject({ kind: 'duplicate' })
  expect(await deliver(world, `first-${3 * RUN_IDS + 4}`)).toMatchObject({ kind: 'duplicate' })
})

test('commits take in what was written meanwhile, and leave to others what a start has found', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'e', 3 * RUN_IDS)
  for (const id of ['a', 'b', 'c', 'd']) await deliver(world, id)
  expect(countRuns(world)).toBe(3)
  expect(world.dedup.takeIn()).toBe(false)
  await world.restart()
  await deliver(world, 'next')
  const taken = [1, 2, 3, 4].map(() => world.dedup.takeIn())
  expect(taken).toEqual([true, true, true, false])
})

test('runs that a crash took along are written again', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'e', 3 * RUN_IDS)
  await deliver(world, 'last')
  const { client } = world.database
  // Of the newest some slices are there, as of a run that was being written.
  client.run('DELETE FROM dedup_runs WHERE run >= 2')
  client.run('DELETE FROM dedup_slices WHERE id >= 2 * 512')
  await world.restart()
  expect(countRuns(world)).toBe(3)
  for (let index = 0; index < 3 * RUN_IDS; index += 1) {
    expect(await deliver(world, `e-${index}`)).toMatchObject({ kind: 'duplicate' })
  }
})

test('a run that is whole is asked by way of memory at once', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  for (let index = 0; index <= RUN_IDS; index += 1) await deliver(world, `e-${index}`)
  expect(countRuns(world)).toBe(1)
  expect(world.dedup.takeIn()).toBe(false)
})

test('a run is written in parts, and its ids are known meanwhile, also after a crash', async () => {
  const runIds = 4_096
  await using world = await openDbWorld({ runIds })
  const { client } = world.database
  const countSlices = () => client.query('SELECT id FROM dedup_slices').all().length
  await deliverMany(world, 'e', runIds)
  await deliver(world, 'next')
  expect(countSlices()).toBe(128)
  for (const [index, slices] of [
    [0, 256],
    [runIds - 1, 384],
  ] as const) {
    expect(await deliver(world, `e-${index}`)).toMatchObject({ kind: 'duplicate', seq: index + 1 })
    expect(countSlices()).toBe(slices)
  }
  expect(countRuns(world)).toBe(0)

  // Not closed in order: what is left of the run is not written then.
  world.database.distrust(ENDED)
  await world.restart()
  for (let index = 0; index < runIds; index += 409) {
    expect(await deliver(world, `e-${index}`)).toMatchObject({ kind: 'duplicate', seq: index + 1 })
  }
  expect(countRuns(world)).toBe(1)
  expect(await deliver(world, 'next')).toMatchObject({ kind: 'duplicate', seq: runIds + 1 })
})

test('an end in order leaves the next start few ids to read', async () => {
  await using world = await openDbWorld()
  const seqLasts = () => world.database.client.query('SELECT seq_last FROM dedup_runs').values()
  await deliverMany(world, 'e', 2_048)
  await world.restart()
  expect(seqLasts()).toEqual([[2_048]])
  for (const index of [0, 1_000, 2_047]) {
    expect(await deliver(world, `e-${index}`)).toMatchObject({ kind: 'duplicate', seq: index + 1 })
  }
  // Of fewer a start reads each one.
  await deliverMany(world, 'f', 2_047)
  await world.restart()
  expect(seqLasts()).toEqual([[2_048]])
  expect(await deliver(world, 'f-0')).toMatchObject({ kind: 'duplicate', seq: 2_049 })
})

test('an end in order moves no ids that were rolled back', async () => {
  await using world = await openDbWorld()
  await deliverMany(world, 'e', 2_048)
  const bad = sampleEvent('bad', { type: null as unknown as string })
  await world.writer.commitAll([sampleEvent('rolled-back'), bad]).catch(() => undefined)
  await world.restart()
  // The seq of the other goes to an event that no run knows.
  expect(await deliver(world, 'next')).toEqual({ kind: 'stored', seq: 2_049 })
  world.database.distrust(ENDED)
  await world.restart()
  expect(await deliver(world, 'next')).toMatchObject({ kind: 'duplicate', seq: 2_049 })
})

test('an end in order where the disk is full takes nothing from the next start', async () => {
  await using world = await openDbWorld()
  await deliverMany(world, 'e', 2_048)
  world.database.client.run('PRAGMA max_page_count = 1')
  await world.restart()
  expect(countRuns(world)).toBe(0)
  expect(world.fatal).toEqual([])
  expect(await deliver(world, 'e-7')).toMatchObject({ kind: 'duplicate', seq: 8 })
})

test('ids of different events with one hash are told apart', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'e', RUN_IDS + 1)
  // The hash of e-0 now leads to other events, in a run and, after a start, in memory.
  const rename = "UPDATE inbox SET event_id = event_id || '-renamed' WHERE event_id IN (?, ?)"
  world.database.client.run(rename, ['e-0', `e-${RUN_IDS}`])
  expect(await deliver(world, 'e-0')).toMatchObject({ kind: 'stored' })
  expect(await deliver(world, `e-${RUN_IDS}`)).toMatchObject({ kind: 'stored' })
  expect(await deliver(world, 'e-1')).toMatchObject({ kind: 'duplicate' })
})

test('the same id of two sources is two events', async () => {
  await using world = await openDbWorld()
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'stored' })
  const other = sampleEvent('e1', { source: 'stripe' })
  expect(await world.writer.commit(other)).toMatchObject({ kind: 'stored' })
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

test('of an id that named several events the newest counts', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  for (let round = 0; round < 3; round += 1) {
    await deliver(world, 'hash', HOUR_MS)
    await deliverMany(world, `round-${round}`, RUN_IDS)
    world.clock.advance(DAY_MS)
  }
  const last = await deliver(world, 'hash', HOUR_MS)
  expect(last).toMatchObject({ kind: 'stored' })
  await deliverMany(world, 'more', RUN_IDS)
  expect(await deliver(world, 'hash', HOUR_MS)).toMatchObject({ kind: 'duplicate', seq: last.seq })
})

test('a clock that is set back loses no id', async () => {
  await using world = await openDbWorld()
  await deliver(world, 'e1')
  world.clock.advance(-5 * DAY_MS)
  expect(await deliver(world, 'e1')).toMatchObject({ kind: 'duplicate', seq: 1 })
})

test('a start that writes all runs anew leaves no more in the WAL than one of them', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'old', 20 * RUN_IDS)
  world.database.client.run('DELETE FROM dedup_slices')
  world.database.client.run('DELETE FROM dedup_runs')
  // Closed in order, it would write what this one has of them.
  world.database.distrust(ENDED)
  await world.restart()
  expect(countRuns(world)).toBe(20)
  expect(statSync(`${world.path}-wal`).size).toBeLessThan(100_000)
  expect(await deliver(world, 'old-0')).toMatchObject({ kind: 'duplicate' })
})

test('a start that indexes old ids says of how many events, and how long it took', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  const of = 5 * RUN_IDS + 1
  await deliverMany(world, 'old', of)
  const lines: unknown[] = []
  let nowMs = 0
  const telling = {
    clock: { monotonicMs: () => (nowMs += 1_500) },
    log: { info: (event: string, fields?: object) => void lines.push([event, fields]) },
  }
  const start = () =>
    void openDedup(world.database, { retentionMs: RETENTION_MS, runIds: RUN_IDS, telling })
  world.database.client.run('DELETE FROM dedup_slices')
  world.database.client.run('DELETE FROM dedup_runs')
  // Closed in order, it would write what this one has of them.
  world.database.distrust(ENDED)
  start()
  const said = [['ids.indexed', { events: of, ms: 1_500 }]]
  expect(lines).toEqual(said)
  start()
  expect(lines).toEqual(said)
})

test('a run is dropped when its last id is past the time, with the next one behind it', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  await deliverMany(world, 'old', RUN_IDS)
  await deliverMany(world, 'young', RUN_IDS)
  await deliver(world, 'last')
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS, runIds: RUN_IDS })
  world.clock.advance(RETENTION_MS)
  expect(dedup.forget()).toEqual({ deleted: 0, more: false })
  world.clock.advance(1)
  expect(dedup.forget()).toEqual({ deleted: RUN_IDS, more: true })
  expect(dedup.forget()).toEqual({ deleted: 0, more: false })
  expect(dedup.find(sampleEvent('young-0'))).toMatchObject({ inboxSeq: RUN_IDS + 1 })
})

test('an id is known for exactly as long as retention keeps its event', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  const { database, dedup, clock } = world
  for (let n = 0; n < 3 * RUN_IDS; n += 1) await deliver(world, `old-${n}`)
  const runs = countRuns(world)
  expect(runs).toBeGreaterThan(1)
  const retention = openRetention(database, { retentionMs: RETENTION_MS, dedup })
  const kept = () => {
    while (retention.retainOnce().more);
    const events = database.client.query('SELECT seq FROM inbox').all().length
    return [events > 0, dedup.find(sampleEvent('old-0')) !== undefined]
  }
  database.client.run('DELETE FROM outbox')
  clock.advance(RETENTION_MS)
  expect(kept()).toEqual([true, true])
  expect(countRuns(world)).toBe(runs)
  clock.advance(1)
  expect(kept()).toEqual([false, false])
  // The newest stays: it says how far they go.
  expect(countRuns(world)).toBe(1)
})

test('a batch that is rolled back remembers nothing', async () => {
  await using world = await openDbWorld({ runIds: RUN_IDS })
  const bad = sampleEvent('bad', { type: null as unknown as string })
  const events = Array.from({ length: 2 * RUN_IDS }, (_, index) => sampleEvent(`e${index}`))
  await world.writer.commitAll([...events, bad]).catch(() => undefined)
  expect(await deliver(world, 'e0')).toEqual({ kind: 'stored', seq: 1 })
  expect(countRuns(world)).toBe(0)
  expect(await deliver(world, 'e1')).toEqual({ kind: 'stored', seq: 2 })
})
