import { expect, test } from 'bun:test'
import { openDedup } from '../../db/dedup.ts'
import { openIdempotencyKeys } from '../../db/idempotency-keys.ts'
import { openInbox } from '../../db/inbox.ts'
import { openRetention } from '../../db/retention.ts'
import { answerTo, type AnswerToKeep } from '../../src/idempotent-answer.ts'
import { openDbWorld, RETENTION_MS, storedIds } from './world.ts'
import { bytes, codeOf, sampleEvent } from '../support/stored.ts'

const answer: AnswerToKeep = {
  caller: 'billing',
  key: 'k1',
  requestHash: 'aa',
  statusIfNew: 202,
  statusIfKnown: 200,
}

test('an answer is stored with its events, and outlives a restart', async () => {
  await using world = await openDbWorld()
  const events = [sampleEvent('a'), sampleEvent('b')]
  const committed = await world.writer.commitAll(events, answer)
  await world.writer.commitAll(events, { ...answer, key: 'k2' })
  await world.restart()

  expect(committed.map(({ seq }) => seq)).toEqual([1, 2])
  const keys = openIdempotencyKeys(world.database)
  expect(keys.find('billing', 'k1')).toEqual(answerTo(answer, committed))
  expect(keys.find('billing', 'k1')?.status).toBe(202)
  expect(keys.find('billing', 'k2')?.status).toBe(200)
  expect(keys.find('shipping', 'k1')).toBeUndefined()
})

test('several events are stored all or nothing, and those beside them do not notice', async () => {
  await using world = await openDbWorld()
  await world.writer.commitAll([], answer)
  const before = world.writer.commit(sampleEvent('before'))
  const refused = codeOf(
    world.writer.commitAll([sampleEvent('a'), sampleEvent('b')], answer), // its key is taken
  )
  const after = world.writer.commitAll([
    sampleEvent('after-1', { body: bytes('one') }),
    sampleEvent('after-2', { body: bytes('other') }),
  ])

  expect(await refused).toBe('STORAGE_FAILED')
  expect(await before).toMatchObject({ kind: 'stored', seq: 1 })
  expect(await after).toMatchObject([{ seq: 2 }, { seq: 3 }])
  const inbox = openInbox(world.database)
  expect(storedIds(world.database)).toEqual(['after-2', 'after-1', 'before'])
  expect(Buffer.from(inbox.bySeq(3)?.body ?? []).toString()).toBe('other')
})

test('an event that comes twice in one request is stored once', async () => {
  await using world = await openDbWorld()
  const committed = await world.writer.commitAll([sampleEvent('a'), sampleEvent('a')])

  expect(committed).toEqual([
    { kind: 'stored', seq: 1 },
    { kind: 'duplicate', seq: 1, sameBody: true },
  ])
})

test('answers are forgotten with the retention time', async () => {
  await using world = await openDbWorld()
  const dedup = openDedup(world.database, { retentionMs: RETENTION_MS })
  const retention = openRetention(world.database, { retentionMs: RETENTION_MS, dedup })
  await world.writer.commitAll([], answer)
  const keys = openIdempotencyKeys(world.database)

  world.clock.advance(RETENTION_MS)
  retention.retainOnce()
  expect(keys.find('billing', 'k1')).toBeDefined()
  world.clock.advance(1)
  retention.retainOnce()
  expect(keys.find('billing', 'k1')).toBeUndefined()
})
