import { describe, expect, test } from 'bun:test'
import { toPublishRecord, type OutboxEntry } from '../src/outbox.ts'

const entry: OutboxEntry = {
  seq: 5,
  n: 0,
  topic: 't',
  key: 'k',
  headers: null,
  eventHeaders: null,
  value: new Uint8Array(),
  inboxSeq: 7,
  source: 'shop',
  eventId: '/s 1',
  type: 'type',
  contentType: 'text/plain',
  receivedAt: 0,
}
const headersOf = (changes: Partial<OutboxEntry>) =>
  toPublishRecord({ ...entry, ...changes }).headers

test('a delivery of a third party is described by what is known of it', () => {
  expect(headersOf({ headers: '{"content-type":"a/b","x":"y"}' })).toEqual({
    'content-type': 'a/b',
    x: 'y',
    ce_specversion: '1.0',
    ce_id: '/s 1',
    ce_source: 'shop',
    ce_type: 'type',
    ce_time: '1970-01-01T00:00:00.000Z',
    'inlet-seq': '7',
  })
})

test('a header of an earlier version that is not ours is one like any other', () => {
  const headers = JSON.stringify({ 'inlet-exact': 'zzz' })
  expect(headersOf({ headers })).toMatchObject({ 'inlet-exact': 'zzz', ce_id: '/s 1' })
})

test('an event keeps the attributes that it came with, and is given no others', () => {
  const headers = JSON.stringify({ ce_id: '1', ce_source: '/s', ce_type: 'u', ce_x: 'y' })

  expect(headersOf({ headers, contentType: '' })).toEqual({
    ce_specversion: '1.0',
    ce_id: '1',
    ce_source: '/s',
    ce_type: 'u',
    ce_x: 'y',
    'inlet-seq': '7',
  })
  expect(headersOf({ headers, n: 2 })['ce_id']).toBe('1#2')
})

describe('the trace of a record', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const eventHeaders = JSON.stringify({ 'user-agent': 'a', traceparent })

  test('is that of its event', () => {
    expect(headersOf({ eventHeaders })['traceparent']).toBe(traceparent)
  })

  test('is that which its handler names, where it names one', () => {
    const headers = '{"traceparent":"own"}'
    expect(headersOf({ eventHeaders, headers })['traceparent']).toBe('own')
  })

  test('is none where its event came with none, or with something else', () => {
    for (const kept of [null, '{"user-agent":"a"}', '{"traceparent":"00-1-2-01"}']) {
      expect(headersOf({ eventHeaders: kept })).not.toContainKey('traceparent')
    }
  })
})
