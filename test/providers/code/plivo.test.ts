import { describe, expect, test } from 'bun:test'
import { compilePlivo } from '../../../src/providers/code/plivo.ts'
import { judge, sent, unnoticedFlips, unnoticedHeaders } from './support.ts'

const TOKEN = 'my_auth_token'
const NONCE = { 'x-plivo-signature-v3-nonce': '12345' }

/** Signed by plivo 4.79.0 (lib/utils/v3Security.js), each for the nonce 12345. */
const VECTORS = [
  {
    query: '',
    body: 'MessageUUID=m-1&From=1415&Text=a+b%2Bc%26%C3%BC',
    signature: '/BsXBA0gvDPV55/lbSNr/QyYx8SAGhQMfYL2vWradXA=',
  },
  {
    query: '?z=1&a=2&a=1',
    body: 'b=2&a=1',
    signature: 'y+CkMakgoz+hGIu3yJtQNfRBdu1fxpi2e//FlOfluLg=',
  },
  { query: '?z=1', body: '', signature: 'eMX4Wsd2arg/q7clFMTlFSkhErV9OUzsFOnv+j4OEE4=' },
  {
    query: '',
    body: 'a=2&a=1',
    signature: 'D239kCDP1ZCW4sDEEKmP2hjuGCRzW2L1/+HD0CU8mOo=',
    url: 'https://hooks.example.test:8443/hooks/test',
  },
] as const

describe.each(VECTORS.map((vector) => [vector.query + vector.body, vector] as const))(
  '%s',
  (_, vector) => {
    const { query, body, signature } = vector
    const options = { secrets: [TOKEN], ...('url' in vector ? { url: vector.url } : {}) }
    const takes = judge(compilePlivo, options)
    const delivery = sent(body, { 'x-plivo-signature-v3': signature, ...NONCE }, query)

    test('is taken as Plivo’s own library signs it', () => {
      expect(takes(delivery)).toBe('proven')
      const both = { 'x-plivo-signature-v3': `AAAA,${signature}`, ...NONCE }
      expect(takes(sent(body, both, query))).toBe('proven')
      const main = { 'x-plivo-signature-ma-v3': signature, ...NONCE }
      expect(takes(sent(body, main, query))).toBe('proven')
    })

    test('is refused with a flipped bit, but for the order of fields, which is not signed', () => {
      expect(unnoticedHeaders(takes, delivery)).toEqual([])
      // %2B and %2b are one character.
      const unnoticed = unnoticedFlips(takes, delivery)
      expect(unnoticed.filter((where) => !where.includes('%'))).toEqual([])
    })

    test('is refused for another URL, query, secret or nonce', () => {
      expect(takes({ ...delivery, url: `${delivery.url}${query === '' ? '?' : '&'}q=1` })).toBe(
        'mismatch',
      )
      const elsewhere = { ...options, url: 'https://hooks.example.test/hooks/other' }
      expect(judge(compilePlivo, elsewhere)(delivery)).toBe('mismatch')
      expect(judge(compilePlivo, { ...options, secrets: ['other'] })(delivery)).toBe('mismatch')
      const headers = new Headers(delivery.headers)
      headers.delete('x-plivo-signature-v3-nonce')
      expect(takes({ ...delivery, headers })).toBe('missing_header')
    })
  },
)

test('a JSON body is not taken for a form without fields', () => {
  const { query, signature } = VECTORS[2]
  const takes = judge(compilePlivo, { secrets: [TOKEN] })
  const headers = { 'x-plivo-signature-v3': signature, ...NONCE }
  expect(takes(sent('', headers, query))).toBe('proven')
  expect(takes(sent('{"a":1}', headers, query))).toBe('mismatch')
  expect(takes(sent('%', headers, query))).toBe('bad_encoding')
})
