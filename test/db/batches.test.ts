import { describe, expect, test } from 'bun:test'
import { openInbox } from '../../db/inbox.ts'
import { openOutbox } from '../../db/outbox.ts'
import type { VerifiedBody } from '../../src/delivery.ts'
import type { NewEvent } from '../../src/event.ts'
import { elementSlices } from '../../src/bytes/json-slices.ts'
import { openDbWorld, type DbWorld } from './world.ts'
import { bytes, sampleEvent } from '../support/stored.ts'

/** The events of a request: each its own slice of it, white space and big numbers as written. */
function eventsOf(text: string, ids: readonly string[]): NewEvent[] {
  const request = bytes(text)
  return elementSlices(request).map(({ start, end }, at) =>
    sampleEvent(ids[at] ?? '', { body: request.subarray(start, end) as VerifiedBody, request }),
  )
}

function bodyOf(world: DbWorld, seq: number): string {
  return new TextDecoder().decode(openInbox(world.database).bySeq(seq)?.body)
}

function requestOf(world: DbWorld, seq: number) {
  const batch = openInbox(world.database).bySeq(seq)?.batch ?? undefined
  return batch === undefined
    ? undefined
    : [batch.seqFirst, batch.seqLast, new TextDecoder().decode(batch.body)]
}

describe('a batch', () => {
  test('stands in its chunk once, and its events are slices of it', async () => {
    await using world = await openDbWorld()
    const text = '[ {"n":9007199254740993}, {"n" : 2} ]'
    const alone = world.writer.commit(sampleEvent('before'))
    const committed = world.writer.commitAll(eventsOf(text, ['e1', 'e2']))
    const after = world.writer.commit(sampleEvent('after'))
    await Promise.all([alone, committed, after])

    expect([2, 3].map((seq) => bodyOf(world, seq))).toEqual(['{"n":9007199254740993}', '{"n" : 2}'])
    expect([1, 4].map((seq) => bodyOf(world, seq))).toEqual(['{"id":"before"}', '{"id":"after"}'])
    expect([2, 3].map((seq) => requestOf(world, seq))).toEqual([
      [2, 3, text],
      [2, 3, text],
    ])
    expect([1, 4].map((seq) => requestOf(world, seq))).toEqual([undefined, undefined])
    const [row] = world.database.client.query('SELECT sum(length(bodies)) FROM chunks').values()
    expect(row?.[0]).toBe(text.length + '{"id":"before"}'.length + '{"id":"after"}'.length)
  })

  test('its records carry the bytes of their event alone', async () => {
    await using world = await openDbWorld()
    await world.writer.commitAll(eventsOf('[{"a":1},{"b":2}]', ['e1', 'e2']))

    const published = openOutbox(world.database).pending({
      after: 0,
      upTo: 2,
      entriesMax: 10,
      bytesMax: 1_000,
    })
    const texts = published.map(({ value }) => new TextDecoder().decode(value))
    expect(texts).toEqual(['{"a":1}', '{"b":2}'])
  })

  test('that is known in part stores the rest, and the whole request beside it', async () => {
    await using world = await openDbWorld()
    await world.writer.commitAll(eventsOf('[{"a":1},{"b":2}]', ['e1', 'e2']))
    const text = '[{"b":2},{"c":3},{"a":1},{"d":4}]'
    const again = await world.writer.commitAll(eventsOf(text, ['e2', 'e3', 'e1', 'e4']))

    expect(again).toEqual([
      { kind: 'duplicate', seq: 2, sameBody: true },
      { kind: 'stored', seq: 3 },
      { kind: 'duplicate', seq: 1, sameBody: true },
      { kind: 'stored', seq: 4 },
    ])
    expect([3, 4].map((seq) => bodyOf(world, seq))).toEqual(['{"c":3}', '{"d":4}'])
    expect(requestOf(world, 4)).toEqual([3, 4, text])
    expect(requestOf(world, 2)).toEqual([1, 2, '[{"a":1},{"b":2}]'])
  })

  test('that is known stores nothing', async () => {
    await using world = await openDbWorld()
    await world.writer.commitAll(eventsOf('[{"a":1}]', ['e1']))
    await world.writer.commitAll(eventsOf('[{"a":1}]', ['e1']))

    const [row] = world.database.client.query('SELECT count(*) FROM batches').values()
    expect(row?.[0]).toBe(1)
  })

  test('with one id twice stores that event once', async () => {
    await using world = await openDbWorld()
    const committed = await world.writer.commitAll(eventsOf('[{"a":1},{"a":1}]', ['e1', 'e1']))
    expect(committed.map(({ kind }) => kind)).toEqual(['stored', 'duplicate'])
  })

  test('events that were encoded in their request are kept beside it', async () => {
    await using world = await openDbWorld()
    const request = bytes('mandrill_events=%5B%7B%22a%22%3A1%7D%5D')
    await world.writer.commitAll([sampleEvent('e1', { body: bytes('{"a":1}'), request })])

    expect(bodyOf(world, 1)).toBe('{"a":1}')
    expect(requestOf(world, 1)).toEqual([1, 1, 'mandrill_events=%5B%7B%22a%22%3A1%7D%5D'])
  })

  test('events that only share a buffer with their request are kept beside it', async () => {
    await using world = await openDbWorld()
    const pool = bytes('{"a":1}events=x')
    const [body, request] = [pool.subarray(0, 7), pool.subarray(7)] as VerifiedBody[]
    if (body === undefined || request === undefined) throw new Error('both are there')
    await world.writer.commitAll([sampleEvent('e1', { body, request })])

    expect(bodyOf(world, 1)).toBe('{"a":1}')
    expect(requestOf(world, 1)).toEqual([1, 1, 'events=x'])
  })
})
