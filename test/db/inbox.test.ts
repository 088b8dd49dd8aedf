import { expect, test } from 'bun:test'
import { openInbox } from '../../db/inbox.ts'
import { bytes, openDbWorld, sampleEvent, sampleException, sampleMark } from './world.ts'

test('events are listed newest first, by source, state and page', async () => {
  await using world = await openDbWorld()
  const failed = { state: 'failed', reason: 'HANDLER_FAILED: no', records: [] } as const
  await world.writer.commit(sampleEvent('e1'))
  await world.writer.commit(sampleEvent('e2', { source: 'shop' }))
  await world.writer.commit(sampleEvent('e3', failed))
  await world.writer.commit(sampleEvent('e4', { ...failed, source: 'shop' }))
  const inbox = openInbox(world.database)
  const seqs = (query: Partial<Parameters<typeof inbox.list>[0]>) =>
    inbox.list({ limit: 10, ...query }).map(({ seq }) => seq)
  expect(seqs({})).toEqual([4, 3, 2, 1])
  expect(seqs({ limit: 2 })).toEqual([4, 3])
  expect(seqs({ before: 3 })).toEqual([2, 1])
  expect(seqs({ source: 'shop' })).toEqual([4, 2])
  expect(seqs({ state: 'failed' })).toEqual([4, 3])
  expect(seqs({ state: 'failed', source: 'shop' })).toEqual([4])
  expect(seqs({ state: 'failed', before: 4 })).toEqual([3])
  expect(seqs({ state: 'accepted' })).toEqual([2, 1])
  expect(inbox.countByState()).toEqual({ accepted: 2, ignored: 0, invalid: 0, failed: 2 })
  expect(inbox.list({ state: 'failed', limit: 1 })[0]?.reason).toBe('HANDLER_FAILED: no')
})

test('the few that are not accepted are found by an index', async () => {
  await using world = await openDbWorld()
  const plan = world.database.client
    .query(
      "EXPLAIN QUERY PLAN SELECT * FROM inbox WHERE state = ? AND state <> 'accepted' ORDER BY seq DESC",
    )
    .all('failed')
  expect(JSON.stringify(plan)).toContain('inbox_not_accepted')
})

test('an event is shown with its bytes, its records and what became of them', async () => {
  await using world = await openDbWorld()
  const record = { topic: 't', key: 'k', headers: null, value: null }
  await world.writer.commit(sampleEvent('e1', { records: [record, record, record, record] }))
  await world.writer.mark(
    sampleMark(0, 3, {
      exceptions: [
        sampleException(2, { status: 'retry', attempts: 4, nextAt: 9, reason: 'no topic' }),
      ],
    }),
  )
  const inbox = openInbox(world.database)
  const event = inbox.bySeq(1)
  expect(event?.body).toEqual(bytes('{"id":"e1"}'))
  expect(event?.variants).toBeNull()
  expect(event?.records.map(({ status }) => status)).toEqual([
    'published',
    'retry',
    'published',
    'pending',
  ])
  expect(event?.records[1]).toMatchObject({ attempts: 4, nextAt: 9, reason: 'no topic' })
  expect(inbox.bySeq(2)).toBeUndefined()
})

test('an id is looked up in every source', async () => {
  await using world = await openDbWorld()
  await world.writer.commit(sampleEvent('e1'))
  await world.writer.commit(sampleEvent('e1', { source: 'shop' }))
  const found = openInbox(world.database).byEventId('e1', 10)
  expect(found.map(({ source }) => source)).toEqual(['shop', 'github'])
  expect(openInbox(world.database).byEventId('e1', 1)).toHaveLength(1)
  expect(openInbox(world.database).byEventId('e2', 10)).toEqual([])
})

test('a person with a SQL shell sees each event with its body', async () => {
  await using world = await openDbWorld()
  const ids = ['e1', 'e2', 'e3']
  await Promise.all(ids.map((id) => world.writer.commit(sampleEvent(id))))
  const rows = world.database.client.query('SELECT CAST(body AS TEXT) FROM events ORDER BY seq')
  expect(rows.values().flat()).toEqual(ids.map((id) => `{"id":"${id}"}`))
})

test('a list says how far the records of an event have come, and finds those set aside', async () => {
  await using world = await openDbWorld()
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id))
  await world.writer.commit(sampleEvent('e4', { state: 'ignored', reason: 'x', records: [] }))
  const blocked = sampleException(2, { status: 'blocked' })
  await world.writer.mark(sampleMark(0, 2, { exceptions: [blocked] }))
  const inbox = openInbox(world.database)
  const listed = inbox.list({ limit: 10 }).map(({ seq, records }) => [seq, records])
  const setAside = (records: 'blocked' | 'retry') =>
    inbox.list({ limit: 10, records }).map(({ seq }) => seq)

  expect(listed).toEqual([
    [4, null],
    [3, 'pending'],
    [2, 'blocked'],
    [1, 'published'],
  ])
  expect(setAside('blocked')).toEqual([2])
  expect(setAside('retry')).toEqual([])
})
