import { createHmac } from 'node:crypto'
import { expect, test } from 'bun:test'
import { compileContentful } from '../../../src/providers/code/contentful.ts'
import { NOW } from '../support.ts'
import { judge, REGISTERED, sent, unnoticedFlips, unnoticedHeaders } from './support.ts'

const SECRET = '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0'

/** Signed by @contentful/node-apps-toolkit 3.16.1, `signRequest`. */
const HEADERS = {
  'x-contentful-crn': ' crn:contentful ',
  'x-contentful-signed-headers':
    'x-contentful-crn,x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic',
  'x-contentful-timestamp': '1772616600000',
  'x-contentful-topic': 'ContentManagement.Entry.publish',
}
const BODY = '{"sys":{"id":"a","type":"Entry"}}'
const PUBLISHED = sent(BODY, {
  ...HEADERS,
  'x-contentful-signature': '17771589243eea019aa20ada5b5f095b5a23659d78556684816d9e8ef1a48fb5',
})

const takes = judge(compileContentful, { secrets: [SECRET] })

test('what Contentful’s own library signs is taken', () => {
  expect(takes(PUBLISHED)).toBe('proven')
  const signature = 'c832d7278d8e4d748fd0d13c2f2fa4fdb976763b6ffe15da78970f1fde16cc7f'
  const headers = { ...HEADERS, 'x-contentful-signature': signature }
  expect(takes(sent('', headers, '?a=1&b=%C3%BC%20x'))).toBe('proven')
})

test('a flipped bit is noticed', () => {
  expect(unnoticedFlips(takes, PUBLISHED)).toEqual([])
  expect(unnoticedHeaders(takes, PUBLISHED)).toEqual([])
})

test('method and path are signed: those of the registered URL', () => {
  expect(takes({ ...PUBLISHED, method: 'PUT' })).toBe('mismatch')
  expect(takes({ ...PUBLISHED, url: `${PUBLISHED.url}?a=1` })).toBe('mismatch')
  const elsewhere = { secrets: [SECRET], url: `${REGISTERED}/other` }
  expect(judge(compileContentful, elsewhere)(PUBLISHED)).toBe('mismatch')
})

test('the time holds for 30 s in both directions', () => {
  const at = (ms: number) => judge(compileContentful, { secrets: [SECRET], now: () => NOW + ms })
  for (const ms of [-30_000, 30_000]) expect(at(ms)(PUBLISHED)).toBe('proven')
  for (const ms of [-30_001, 30_001]) expect(at(ms)(PUBLISHED)).toBe('stale')
})

test('a list of signed headers without the time, or with more than there is, is refused', () => {
  for (const list of [
    'x-contentful-signed-headers',
    'x-contentful-timestamp',
    `${HEADERS['x-contentful-signed-headers']},x-missing`,
    `${HEADERS['x-contentful-signed-headers']},x-contentful-crn`,
    `${HEADERS['x-contentful-signed-headers']},${'x,'.repeat(100)}`,
    '',
  ]) {
    const headers = new Headers(PUBLISHED.headers)
    headers.set('x-contentful-signed-headers', list)
    expect(takes({ ...PUBLISHED, headers })).toBe('bad_encoding')
  }
})

test('a topic that is not signed is not the event’s type', () => {
  const check = compileContentful({
    source: 'test',
    secrets: [SECRET],
    config: {},
    url: REGISTERED,
    findKeys: () => ({ kind: 'unknown' }),
    now: () => NOW,
  })
  const topic = 'ContentManagement.Entry.publish'
  expect(check({ delivery: PUBLISHED, data: undefined })).toMatchObject({ claims: { topic } })

  const list = 'x-contentful-signed-headers,x-contentful-timestamp'
  const time = HEADERS['x-contentful-timestamp']
  const head = `x-contentful-signed-headers:${list};x-contentful-timestamp:${time}`
  const text = `POST\n/hooks/test\n${head}\n${BODY}`
  const delivery = sent(BODY, {
    ...HEADERS,
    'x-contentful-signed-headers': list,
    'x-contentful-signature': createHmac('sha256', SECRET).update(text).digest('hex'),
  })
  const proof = { kind: 'proven', claims: { topic: undefined } }
  expect(check({ delivery, data: undefined })).toMatchObject(proof)
})
