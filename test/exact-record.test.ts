import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { packExact, unpackExact, withExactParts, withOwnHeaders } from '../src/exact-record.ts'

const encoder = new TextEncoder()
const [one, two] = [new Uint8Array([0xff, 1]), encoder.encode('two')]

/** As they are read: the first value of each name, as text. */
function textsOf(list: readonly (readonly [string, Uint8Array | null])[]) {
  const headers: Record<string, string> = {}
  for (const [name, value] of list) {
    if (value !== null && !Object.hasOwn(headers, name))
      headers[name] = Buffer.from(value).toString()
  }
  return headers
}

test('what text cannot say of a record comes back as it was', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encoder.encode(text)),
    fc.constant(encoder.encode('\ufeffa byte order mark')),
  )
  const name = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'inlet-exact'), fc.string())
  const record = fc.record({
    key: fc.option(bytes),
    value: fc.option(bytes),
    headerList: fc.array(fc.tuple(name, fc.option(bytes)), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(record, ({ key, value, headerList }) => {
      const headers = textsOf(headerList)
      const packed = packExact({ key, value, headers, headerList })
      const exact = packed === undefined ? {} : unpackExact(packed)
      if (exact === undefined) throw new Error('it is ours')
      const text = key === null ? null : encoder.encode(new TextDecoder().decode(key))
      const texts = Object.entries(headers).map(([of, value]) => [of, encoder.encode(value)])
      expect(exact.key ?? text).toEqual(key)
      expect([...(exact.headers ?? texts)] as unknown[]).toEqual(headerList)
      expect(exact.isTombstone === true).toBe(value === null)
    }),
  )
})

test('headers keep their order, also where names are numbers', () => {
  const headerList = [
    ['a', two],
    ['0', two],
  ] as const
  const headers = { a: 'two', '0': 'two' }
  const packed = packExact({ key: two, value: one, headers, headerList })
  expect(unpackExact(packed ?? '')?.headers).toEqual(headerList)
})

test('what somebody else has written under our name is not read', () => {
  const others = ['zzz', '', '1', 'null', '{}', '[]', '"a"', '{"zzz":1}', '{"key":1}']
  const nearly = ['{"key":"é"}', '{"key":"AA==","a":1}', '{"isTombstone":false}']
  const lists = ['{"headers":{}}', '{"headers":[["a"]]}', '{"headers":[["a",1]]}']
  for (const text of [...others, ...nearly, ...lists]) expect(unpackExact(text)).toBeUndefined()
})

test('nothing is stored twice that is text', () => {
  const list = [['a', two]] as const
  const record = { key: two, value: one, headers: { a: 'two' }, headerList: list }
  expect(packExact(record)).toBeUndefined()
  expect(packExact({ ...record, headerList: undefined })).toBeUndefined()
  expect(packExact({ ...record, key: null })).toBeUndefined()
})

test('headers of Inlet come beside those of the record, and in the place of none but its own', () => {
  const exact = [
    ['a', one],
    ['inlet-seq', one],
    ['ce_type', null],
    ['a', two],
  ] as const
  const headers = { a: 'text', ce_type: 'unknown', ce_id: '1', 'inlet-seq': '7' }
  expect(withOwnHeaders(exact, headers)).toEqual([
    ['a', one],
    ['ce_type', null],
    ['a', two],
    ['ce_id', encoder.encode('1')],
    ['inlet-seq', encoder.encode('7')],
  ])
})

test('a record keeps the bytes of the key that it has from another', () => {
  const made = { topic: 't', key: '\ufffd\u0001', headers: '{"a":"b"}', value: null }
  const other = { ...made, key: 'other' }
  const record = { key: one, value: two }
  const [kept, left] = withExactParts([made, other], '\ufffd\u0001', record)
  const headers = JSON.parse(kept?.headers ?? '{}') as Record<string, string>
  expect(headers['a']).toBe('b')
  expect(unpackExact(headers['inlet-exact'] ?? '')?.key).toEqual(one)
  expect(left).toEqual(other)
  expect(withExactParts([made], 'two', { ...record, key: two })).toEqual([made])
})

test('of a record without value those are made without one that take its body', () => {
  const made = { topic: 't', key: 'k', headers: null, value: null }
  const own = { ...made, value: two }
  const [kept, left] = withExactParts([made, own], 'k', { key: encoder.encode('k'), value: null })
  expect(kept?.headers).toBe(JSON.stringify({ 'inlet-exact': '{"isTombstone":true}' }))
  expect(left).toEqual(own)
})
