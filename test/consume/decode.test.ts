import { expect, test } from 'bun:test'
import { attributesOf, decode } from '../../src/consume/decode.ts'
import { record } from './world.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const structured = (value: object) =>
  decode(
    record(0, {
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      value: bytes(JSON.stringify(value)),
    }),
  )
const event = { specversion: '1.0', id: '1', source: '/shop', type: 'order.created' }

test('a CloudEvent in binary mode is its headers and its value', () => {
  expect(decode(record(7))).toEqual({
    event: { source: 'shop', id: 'event-7' },
    type: 'order.created',
    contentType: 'application/json',
    data: { kind: 'data', value: { n: 7 } },
  })
})

test('a record whose id or source is empty is no CloudEvent', () => {
  for (const empty of ['ce_id', 'ce_source']) {
    const headers = { ...record(7).headers, [empty]: '' }
    expect(decode(record(7, { headers })).event).toBeUndefined()
  }
})

test('a CloudEvent in structured mode is one document', () => {
  expect(structured({ ...event, data: { n: 1 } })).toMatchObject({
    event: { source: '/shop', id: '1' },
    type: 'order.created',
    data: { kind: 'data', value: { n: 1 } },
  })
  const json = { ...event, datacontenttype: 'application/json', data_base64: 'eyJuIjoxfQ==' }
  expect(structured(json).data).toEqual({ kind: 'data', value: { n: 1 } })
  expect(structured({ ...event, data_base64: 'AAEC' }).data).toEqual({
    kind: 'data',
    value: new Uint8Array([0, 1, 2]),
  })
  expect(structured(event).data).toEqual({ kind: 'data', value: null })
  const text = { ...event, datacontenttype: 'text/plain', data: 'n=1' }
  expect(structured(text).data).toEqual({ kind: 'data', value: 'n=1' })
})

test('of data and data_base64 null is no second one', () => {
  const one = { ...event, data: { n: 1 }, data_base64: null }
  expect(structured(one).data).toEqual({ kind: 'data', value: { n: 1 } })
  const other = { ...event, data: null, data_base64: 'AAEC' }
  expect(structured(other).data).toEqual({ kind: 'data', value: new Uint8Array([0, 1, 2]) })
})

test('a CloudEvent says the same of itself in either mode', () => {
  const time = '2026-01-02T03:04:05Z'
  const named = { ...event, time, subject: 'order 7', sampledrate: 3, isretry: true, none: null }
  const attributes = { ...event, time, subject: 'order 7', sampledrate: '3', isretry: 'true' }
  const one = record(0, { headers: {} })
  expect(attributesOf(structured({ ...named, data: 1 }), one)).toEqual(attributes)
  const headers = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]),
  )
  const binary = record(0, { headers: { ...headers, other: 'x' } })
  expect(attributesOf(decode(binary), binary)).toEqual(attributes)
  const plain = record(0, { headers: { other: 'x' } })
  expect(attributesOf(decode(plain), plain)).toEqual({})
})

test('a structured event that is none says why', () => {
  const broken: readonly (readonly [object, string])[] = [
    [{ ...event, id: 1 }, 'has no id, source and type'],
    [{ ...event, id: '' }, 'has no id, source and type'],
    [{ ...event, source: '' }, 'has no id, source and type'],
    [[], 'has no id, source and type'],
    [{ ...event, data: 1, data_base64: '' }, 'its data and data_base64 exclude each other'],
    [
      { ...event, datacontenttype: 'text/plain', data: { n: 1 } },
      'its data of type text/plain must be a string, or data_base64',
    ],
    [{ ...event, data_base64: '?' }, 'its data must be a string of base64'],
  ]
  for (const [value, reason] of broken) {
    expect(structured(value).data).toEqual({ kind: 'broken', reason })
  }
  const avro = { headers: { 'content-type': 'application/cloudevents+avro' } }
  expect(decode(record(0, avro)).data.kind).toBe('broken')
})

test('what is no CloudEvent is JSON, or bytes', () => {
  const plain = (value: string, headers: Record<string, string> = {}) =>
    decode(record(0, { headers, value: bytes(value) }))
  expect(plain('{"n":1}')).toMatchObject({ event: undefined, type: 'unknown' })
  expect(plain('{"n":1}').data).toEqual({ kind: 'data', value: { n: 1 } })
  expect(plain('n=1').data).toEqual({ kind: 'data', value: bytes('n=1') })
  expect(plain('1', { 'content-type': 'text/plain' }).data).toEqual({
    kind: 'data',
    value: bytes('1'),
  })
  expect(plain('n=1', { 'content-type': 'application/json' }).data).toEqual({
    kind: 'broken',
    reason: 'is not valid JSON',
  })
  expect(decode(record(0, { value: null })).data).toEqual({ kind: 'data', value: null })
})
