import { expect, test } from 'bun:test'
import { openReader } from '../../db/open.ts'
import { EXCEPTIONS_COUNTED_MAX, openOutbox } from '../../db/outbox.ts'
import { openDbWorld, type DbWorld } from './world.ts'
import { bytes, sampleEvent, sampleException, sampleMark } from '../support/stored.ts'

const TOPIC = { topic: 'orders', key: 'k', headers: null }

/** Stores events that arrive together: the first alone, the others in one commit. */
async function deliverAll(world: DbWorld, ids: readonly string[]): Promise<void> {
  await Promise.all(
    ids.map((id) =>
      world.writer.commit(
        sampleEvent(id, { body: bytes(id), records: [{ ...TOPIC, value: null }] }),
      ),
    ),
  )
}

const ALL = { after: 0, upTo: 1_000, entriesMax: 1_000, bytesMax: 1_000_000 }

test('entries come in seq order with the exact bytes, through a connection of their own', async () => {
  await using world = await openDbWorld()
  const raw = new Uint8Array([0xff, 0x00, 0xc3, 0x28]) as ReturnType<typeof bytes>
  const own = new Uint8Array([1, 2, 3])
  const headers = '{"a":"b"}'
  await world.writer.commit(
    sampleEvent('e1', {
      body: raw,
      records: [
        { topic: 'a', key: 'k1', headers, value: null },
        { topic: 'b', key: 'k2', headers: null, value: own },
        { topic: 'c', key: 'k3', headers: null, value: new Uint8Array() },
      ],
    }),
  )
  await deliverAll(world, ['e2', 'e3', 'e4'])
  using reader = openReader(world.path)
  const entries = openOutbox(reader).pending(ALL)
  expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(entries.map(({ value }) => [...value])).toEqual([
    [...raw],
    [...own],
    [],
    [...bytes('e2')],
    [...bytes('e3')],
    [...bytes('e4')],
  ])
  const { value: _bytes, ...first } = entries[0] ?? { value: undefined }
  expect(first).toEqual({
    seq: 1,
    n: 0,
    topic: 'a',
    key: 'k1',
    headers,
    eventHeaders: '{"x-github-event":"push"}',
    inboxSeq: 1,
    source: 'github',
    eventId: 'e1',
    type: 'push',
    contentType: 'application/json',
    receivedAt: Date.UTC(2026, 0, 1),
  })
})

test('a range is bounded by seq, count and bytes, but never empty where there is an entry', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['aaaa', 'bbbb', 'cccc', 'dddd'])
  const outbox = openOutbox(world.database)
  const seqs = (range: Partial<typeof ALL>) =>
    outbox.pending({ ...ALL, ...range }).map(({ seq }) => seq)
  expect(seqs({})).toEqual([1, 2, 3, 4])
  expect(seqs({ after: 1, upTo: 3 })).toEqual([2, 3])
  expect(seqs({ entriesMax: 2 })).toEqual([1, 2])
  expect(seqs({ bytesMax: 9 })).toEqual([1, 2])
  expect(seqs({ bytesMax: 0 })).toEqual([1])
  expect(seqs({ after: 4 })).toEqual([])
})

test('exceptions are listed by topic and status, in seq order, with their entries', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['e1', 'e2', 'e3', 'e4'])
  const of = { topic: 'orders', key: 'k' }
  await world.writer.mark(
    sampleMark(0, 4, {
      exceptions: [
        sampleException(3, { ...of, status: 'retry', nextAt: 5 }),
        sampleException(1, { ...of, status: 'retry', nextAt: 5 }),
        sampleException(2, of),
      ],
    }),
  )
  const outbox = openOutbox(world.database)
  const retries = outbox.exceptions({ status: 'retry', topic: 'orders', limit: 9, bytesMax: 99 })
  expect(retries.map(({ entry }) => entry.seq)).toEqual([1, 3])
  expect(retries[0]?.entry.value).toEqual(bytes('e1'))
  expect(retries[0]?.exception).toEqual(sampleException(1, { ...of, status: 'retry', nextAt: 5 }))
  const first = { status: 'retry', topic: 'orders', limit: 9, bytesMax: 0 } as const
  expect(outbox.exceptions(first)).toHaveLength(1)
  expect(outbox.exceptions({ ...first, topic: 'other' })).toEqual([])
  expect(outbox.blockedKeys()).toEqual([of])
  expect(outbox.progress()).toBe(4)
})

test('topics that wait are each named once', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['e1', 'e2', 'e3', 'e4'])
  const retry = (seq: number, topic: string) => sampleException(seq, { status: 'retry', topic })
  const outbox = openOutbox(world.database)
  expect(outbox.retryTopics()).toEqual([])
  const exceptions = [retry(1, 'b'), retry(2, 'a'), retry(3, 'b'), sampleException(4)]
  await world.writer.mark(sampleMark(0, 4, { exceptions }))
  expect(outbox.retryTopics()).toEqual(['a', 'b'])
  expect(outbox.heads()).toEqual([retry(2, 'a'), retry(1, 'b')])
})

test('the earliest of each topic that waits is found without its bytes', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['e1', 'e2'])
  const topics = ['a', 'b']
  const exceptions = topics.map((topic, index) =>
    sampleException(index + 1, { status: 'retry', topic, nextAt: 5 }),
  )
  await world.writer.mark(sampleMark(0, 2, { exceptions }))
  // A chunk that is not there cannot be read.
  world.database.client.run('DELETE FROM chunks')
  expect(openOutbox(world.database).heads()).toEqual(exceptions)
})

test('an entry whose bytes are gone says so, and the others are read', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['e1', 'e2'])
  world.database.client.run('DELETE FROM chunks WHERE seq = 1')
  const entries = openOutbox(world.database).pending(ALL)
  expect(entries.map(({ seq, damage }) => [seq, damage])).toEqual([
    [1, 'its body is damaged on disk: chunk 1 is gone'],
    [2, undefined],
  ])
})

test('an entry whose event is gone says so, and is not passed over', async () => {
  await using world = await openDbWorld()
  const own = { ...TOPIC, value: bytes('own') }
  await world.writer.commit(sampleEvent('e1', { records: [{ ...TOPIC, value: null }, own] }))
  await deliverAll(world, ['e2'])
  const outbox = openOutbox(world.database)
  const retry = { status: 'retry', topic: 'orders' } as const
  await world.writer.mark(sampleMark(0, 1, { exceptions: [sampleException(1, retry)] }))
  world.database.client.run('DELETE FROM inbox WHERE seq = 1')
  expect(outbox.pending({ ...ALL, after: 1 }).map(({ seq, damage }) => [seq, damage])).toEqual([
    [2, 'it does not hold that event 1 is there'],
    [3, undefined],
  ])
  const [waiting] = outbox.exceptions({ ...retry, limit: 9, bytesMax: 99 })
  expect(waiting?.entry.damage).toBe('it does not hold that event 1 is there')
})

test('exceptions are counted up to a bound, in a few milliseconds', async () => {
  await using world = await openDbWorld()
  world.database.client.run(
    `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i <= ?)
    INSERT INTO outbox_exceptions (seq, status, topic, key, attempts, code, reason)
    SELECT i, 'dead', 't', 'k', 1, 'RECORD_REJECTED', '' FROM c`,
    [EXCEPTIONS_COUNTED_MAX],
  )
  const { retry, dead } = openOutbox(world.database).lag()
  expect({ retry, dead }).toEqual({ retry: 0, dead: EXCEPTIONS_COUNTED_MAX })
})

test('the lag says how much waits, since when, and why', async () => {
  await using world = await openDbWorld()
  await deliverAll(world, ['e1', 'e2'])
  const receivedAt = Date.UTC(2026, 0, 2)
  await world.writer.commit(sampleEvent('e3', { receivedAt, records: [{ ...TOPIC, value: null }] }))
  const outbox = openOutbox(world.database)
  await world.writer.mark(
    sampleMark(0, 2, { exceptions: [sampleException(1), sampleException(2, { status: 'retry' })] }),
  )
  expect(outbox.lag()).toEqual({
    pending: 1,
    lastSeq: 3,
    oldestReceivedAt: receivedAt,
    retry: 1,
    blocked: 1,
    dead: 0,
  })
})
