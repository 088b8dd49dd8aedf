import { describe, expect, test } from 'bun:test'
import { openDedup } from '../../db/dedup.ts'
import { openInbox } from '../../db/inbox.ts'
import { openReader } from '../../db/open.ts'
import { openOutbox } from '../../db/outbox.ts'
import { openRetention } from '../../db/retention.ts'
import { openDueRetries } from '../../db/retries.ts'
import type { NewEvent } from '../../src/event.ts'
import type { RetryFinish } from '../../src/handler-retry.ts'
import { openDbWorld, DAY_MS, RETENTION_MS, type DbWorld } from './world.ts'
import { bytes, sampleEvent } from '../support/stored.ts'

const WAIT_MS_MAX = 60_000
const record = { topic: 't', key: 'k', headers: null, value: null }

function failedEvent(id: string, world: DbWorld, overrides: Partial<NewEvent> = {}): NewEvent {
  const failed = { state: 'failed', reason: 'HANDLER_FAILED: not now', records: [] } as const
  return sampleEvent(id, { ...failed, retryAt: world.clock.now() + 5_000, ...overrides })
}

function finish(overrides: Partial<RetryFinish> = {}): RetryFinish {
  const accepted = { state: 'accepted', reason: null, records: [record, record] } as const
  return { seq: 1, attempt: 2, nextAt: null, ...accepted, ...overrides }
}

/** The seqs that are due, asked on a connection of its own. */
function dueSeqs(world: DbWorld, limit = 10): number[] {
  using reader = openReader(world.path)
  const query = { now: world.clock.now(), waitMsMax: WAIT_MS_MAX, limit }
  return openDueRetries(reader)
    .due(query)
    .map(({ seq }) => seq)
}

function pendingTopics(world: DbWorld): string[] {
  const all = { after: 0, upTo: 1_000, entriesMax: 1_000, bytesMax: 1_000_000 }
  return openOutbox(world.database)
    .pending(all)
    .map(({ topic, inboxSeq, n }) => `${topic} of ${inboxSeq}#${n}`)
}

describe('a failed event that is to be tried again', () => {
  test('is due at its time, with everything that a handler needs, also after a restart', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(sampleEvent('before'))
    await world.writer.commit(failedEvent('e1', world, { body: bytes('{"n":1}') }))
    expect(dueSeqs(world)).toEqual([])
    world.clock.advance(5_000)
    await world.restart()
    using reader = openReader(world.path)
    const now = world.clock.now()
    expect(openDueRetries(reader).due({ now, waitMsMax: WAIT_MS_MAX, limit: 10 })).toEqual([
      {
        seq: 2,
        attempts: 1,
        source: 'github',
        eventId: 'e1',
        type: 'push',
        key: 'repository-1',
        contentType: 'application/json',
        receivedAt: Date.UTC(2026, 0, 1),
        body: bytes('{"n":1}'),
      },
    ])
  })

  test('comes in the order of the times, a few at a time', async () => {
    await using world = await openDbWorld()
    const now = world.clock.now()
    for (const wait of [3_000, 1_000, 2_000]) {
      await world.writer.commit(failedEvent(`after ${wait}`, world, { retryAt: now + wait }))
    }
    world.clock.advance(4_000)
    expect(dueSeqs(world, 2)).toEqual([2, 3])
  })

  test('is due at once where its time is further off than any pause: the clock was set back', async () => {
    await using world = await openDbWorld()
    const inAnHour = world.clock.now() + 3_600_000
    await world.writer.commit(failedEvent('e1', world, { retryAt: inAnHour }))
    expect(dueSeqs(world)).toEqual([1])
  })

  test('is counted before the try, so that a try that ends the process counts', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(failedEvent('e1', world))
    const nextAt = world.clock.now() + 9_000
    await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt }])
    await world.restart()
    expect(openInbox(world.database).bySeq(1)).toMatchObject({ attempts: 2, nextTryAt: nextAt })
  })
})

describe('the end of a try', () => {
  test('gives the event its state and its records, together', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(failedEvent('e1', world))
    await world.writer.commit(sampleEvent('e2', { records: [record] }))
    await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt: 1 }])
    expect(await world.writer.finishRetry(finish())).toBe(true)
    expect(world.writer.syncedOutboxSeq).toBe(3)
    expect(pendingTopics(world)).toEqual(['t of 2#0', 't of 1#0', 't of 1#1'])
    expect(openInbox(world.database).bySeq(1)).toMatchObject({
      state: 'accepted',
      reason: null,
      attempts: 2,
      nextTryAt: null,
    })
  })

  test('does nothing the second time', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(failedEvent('e1', world))
    await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt: 1 }])
    const twice = [world.writer.finishRetry(finish()), world.writer.finishRetry(finish())]
    expect(await Promise.all(twice)).toEqual([true, false])
    expect(pendingTopics(world)).toHaveLength(2)
    await world.writer.commit(sampleEvent('e2', { records: [record] }))
    expect(pendingTopics(world)).toHaveLength(3)
  })

  test('does nothing where a later try has begun', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(failedEvent('e1', world))
    await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt: 1 }])
    await world.writer.startRetries([{ seq: 1, attempt: 3, nextAt: 1 }])
    expect(await world.writer.finishRetry(finish({ attempt: 2 }))).toBe(false)
    expect(pendingTopics(world)).toEqual([])
  })

  test('puts off the next one where it failed again, until it is the last', async () => {
    await using world = await openDbWorld()
    await world.writer.commit(failedEvent('e1', world))
    const failed = { state: 'failed', reason: 'HANDLER_FAILED: still not', records: [] } as const
    const nextAt = world.clock.now() + 10_000
    await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt }])
    await world.writer.finishRetry(finish({ ...failed, nextAt }))
    expect(openInbox(world.database).bySeq(1)).toMatchObject({ ...failed, nextTryAt: nextAt })
    await world.writer.startRetries([{ seq: 1, attempt: 3, nextAt }])
    await world.writer.finishRetry(finish({ ...failed, attempt: 3 }))
    world.clock.advance(DAY_MS)
    expect(dueSeqs(world)).toEqual([])
    expect(openInbox(world.database).rows([1])).toMatchObject([
      { state: 'failed', attempts: 3, nextTryAt: null },
    ])
  })
})

test('retention keeps an event that is still to be tried, and forgets its tries with it', async () => {
  await using world = await openDbWorld()
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS })
  const retention = openRetention(world.database, { retentionMs: RETENTION_MS, dedup })
  await world.writer.commit(failedEvent('e1', world))
  world.clock.advance(2 * RETENTION_MS)
  retention.retainOnce()
  expect(dueSeqs(world)).toEqual([1])
  await world.writer.startRetries([{ seq: 1, attempt: 2, nextAt: 1 }])
  await world.writer.finishRetry(finish({ state: 'ignored', records: [] }))
  retention.retainOnce()
  expect(openInbox(world.database).bySeq(1)).toBeUndefined()
  const left = world.database.client.query('SELECT count(*) AS n FROM handler_retries').get()
  expect(left).toEqual({ n: 0 })
})
