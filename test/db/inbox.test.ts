import { expect, test } from 'bun:test'
import { openInbox } from '../../db/inbox.ts'
import { openDbWorld, paddedBody } from './world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

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

test('a person with a SQL shell sees each event with its body', async () => {
  await using world = await openDbWorld()
  const ids = ['e1', 'e2', 'e3']
  await Promise.all(ids.map((id) => world.writer.commit(sampleEvent(id))))
  const rows = world.database.client.query('SELECT CAST(body AS TEXT) FROM events ORDER BY seq')
  expect(rows.values().flat()).toEqual(ids.map((id) => `{"id":"${id}"}`))
})

test('a row says how far the records of an event have come', async () => {
  await using world = await openDbWorld()
  for (const id of ['e1', 'e2', 'e3']) await world.writer.commit(sampleEvent(id))
  await world.writer.commit(sampleEvent('e4', { state: 'ignored', reason: 'x', records: [] }))
  const blocked = sampleException(2, { status: 'blocked' })
  await world.writer.mark(sampleMark(0, 2, { exceptions: [blocked] }))
  const rows = openInbox(world.database).rows([4, 3, 9, 2, 1])

  expect(rows.map(({ seq, records }) => [seq, records])).toEqual([
    [4, null],
    [3, 'pending'],
    [2, 'blocked'],
    [1, 'published'],
  ])
})

test('an event whose body is damaged is shown without it, and says so', async () => {
  await using world = await openDbWorld()
  const body = bytes(paddedBody('a').repeat(10))
  await world.writer.commit(sampleEvent('e1', { body }))
  world.database.client.run('UPDATE chunks SET packed_hash = 0')
  const event = openInbox(world.database).bySeq(1)
  expect(event).toMatchObject({ eventId: 'e1', body: bytes(''), bodyLength: body.byteLength })
  expect(event?.damage).toContain('chunk 1')
  expect(event?.records).toHaveLength(1)
})
