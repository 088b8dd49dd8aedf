import { expect, test } from 'bun:test'
import {
  EDGE_BODY_BYTES_MAX,
  EDGE_RECORDS_BYTES_MAX,
  FORWARD_BYTES_MAX,
} from '../src/limits/edge.ts'
import { readForwarded, writeForwarded, type ForwardedEvent } from '../src/forwarded.ts'
import { ATTRIBUTE_CHARS_MAX, RECORDS_PER_EVENT_MAX } from '../src/limits/limits.ts'
import { bytes, sampleEvent } from './support/stored.ts'

/** What a core node reads of what an edge writes. */
function passOn(events: readonly ForwardedEvent[]) {
  return readForwarded(JSON.parse(writeForwarded(events)))
}

test('an event comes out as it went in', () => {
  const events = [
    sampleEvent('plain'),
    sampleEvent('bare', { headers: null, body: bytes(''), records: [], state: 'ignored' }),
    sampleEvent('failed', {
      eventIdValidMs: 900_000,
      state: 'failed',
      reason: 'HANDLER_FAILED: twice',
      retryAt: 1_700_000_000_000,
      records: [],
    }),
    sampleEvent('made', {
      body: new Uint8Array([0xff, 0, 0xfe]) as ForwardedEvent['body'],
      records: [
        { topic: 'a.b', key: '✓', headers: '{"x":"y"}', value: new Uint8Array([0, 0xff]) },
        { topic: 'a.b', key: '', headers: null, value: new Uint8Array() },
      ],
    }),
  ]
  const read = passOn(events)
  expect(read.kind).toBe('events')
  const came = read.kind === 'events' ? read.events : []
  expect(came).toEqual(events.map((event) => ({ retryAt: undefined, ...event })))
})

test('the largest event that an edge takes fits into a request', () => {
  // What JSON makes most of: six bytes of each.
  const records = Array.from({ length: RECORDS_PER_EVENT_MAX }, () => ({
    topic: 't'.repeat(249),
    key: '\u0001'.repeat(Math.floor(EDGE_RECORDS_BYTES_MAX / RECORDS_PER_EVENT_MAX)),
    headers: null,
    value: null,
  }))
  const body = new Uint8Array(EDGE_BODY_BYTES_MAX) as ForwardedEvent['body']
  const text = writeForwarded([sampleEvent('large', { records, body })])
  expect(Buffer.byteLength(text)).toBeLessThan(FORWARD_BYTES_MAX)
})

test('the longest names of a CloudEvent are taken', () => {
  const longest = 'x'.repeat(ATTRIBUTE_CHARS_MAX)
  const event = sampleEvent(`${longest} ${longest}`, { type: longest })
  expect(passOn([event])).toMatchObject({ kind: 'events', events: [{ type: longest }] })
})

test('what is no such document is refused, with the first thing that is wrong', () => {
  const [event] = (JSON.parse(writeForwarded([sampleEvent('a')])) as { events: object[] }).events
  const cases: readonly (readonly [unknown, string])[] = [
    [{ form: 2, events: [] }, 'form'],
    [{ form: 1, events: [{ ...event, source: 'No source' }] }, 'events.0.source'],
    [{ form: 1, events: [event, { ...event, body: '?' }] }, 'events.1.body'],
    [{ form: 1, events: [{ ...event, headers: { a: 1 } }] }, 'events.0.headers.a'],
    [{ form: 1, events: Array.from({ length: 501 }, () => event) }, 'events'],
    // Nobody could show it, or say when it is to be deleted.
    [{ form: 1, events: [{ ...event, receivedAt: 8.64e15 + 1 }] }, 'events.0.receivedAt'],
    [{ form: 1, events: [{ ...event, retryAt: 8.64e15 + 1 }] }, 'events.0.retryAt'],
    [{ form: 1, events: [{ ...event, eventId: 'x'.repeat(4_098) }] }, 'events.0.eventId'],
    [{ form: 1, events: [{ ...event, type: 'x'.repeat(2_049) }] }, 'events.0.type'],
    ['text', ''],
  ]
  for (const [document, at] of cases) {
    expect(readForwarded(document)).toMatchObject({
      kind: 'malformed',
      detail: expect.stringMatching(new RegExp(`^${RegExp.escape(at)}: `)),
    })
  }
})
