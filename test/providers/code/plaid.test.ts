import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'bun:test'
import type { FoundKeys, KeyPlace } from '../../../src/key-place.ts'
import { compilePlaid } from '../../../src/providers/code/plaid.ts'
import { NOW } from '../support.ts'
import { judge, sent, unnoticedFlips, unnoticedHeaders } from './support.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEY_ID = 'bfbd5111-8e33-4643-8ced-b2e642a72f3c'
const BODY = '{"webhook_type":"ITEM",\n  "webhook_code":"ä $&"}'

let found: FoundKeys = { kind: 'found', keys: [publicKey] }
let asked: KeyPlace[] = []
const takes = judge(compilePlaid, {
  secrets: ['the secret of the API'],
  config: { client_id: 'client', environment: 'sandbox' },
  findKeys(place) {
    asked.push(place)
    return found
  },
})

function signed(body = BODY, { iat = NOW / 1000, kid = KEY_ID, alg = 'ES256' } = {}) {
  const claims = { iat, request_body_sha256: createHash('sha256').update(body).digest('hex') }
  const text = [{ alg, kid, typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = sign('sha256', Buffer.from(text), key).toString('base64url')
  return sent(body, { 'plaid-verification': `${text}.${signature}` })
}

test('a token that binds the body is taken, and with no flipped bit', () => {
  expect(takes(signed())).toBe('proven')
  expect(unnoticedFlips(takes, signed())).toEqual([])
  expect(unnoticedHeaders(takes, signed())).toEqual([])
})

test('the token is no older than 5 minutes, of the one algorithm, and of a possible key', () => {
  expect(takes(signed(BODY, { iat: NOW / 1000 - 301 }))).toBe('stale')
  expect(takes(signed(BODY, { alg: 'HS256' }))).toBe('wrong_algorithm')
  expect(takes(signed(BODY, { alg: 'none' }))).toBe('wrong_algorithm')
  expect(takes(signed(BODY, { kid: '../"evil' }))).toBe('unknown_key')
})

test('another environment than the two does not start', () => {
  for (const environment of ['', 'evil.test/', 'development']) {
    expect(() => judge(compilePlaid, { config: { environment } })).toThrow('CONFIG_INVALID')
  }
})

test('what is said of the key is passed on', () => {
  const before = found
  found = { kind: 'unknown' }
  expect(takes(signed())).toBe('unknown_key')
  found = { kind: 'key-needed', fetch: () => Promise.resolve(undefined) }
  expect(takes(signed())).toBe('key-needed')
  found = before
})

test('the key is asked of the API, by its id', () => {
  asked = []
  takes(signed())
  const place = asked[0]
  expect(place?.call).toMatchObject({
    url: 'https://sandbox.plaid.com/webhook_verification_key/get',
    hosts: ['sandbox.plaid.com'],
    method: 'POST',
  })
  expect(JSON.parse(place?.call.body ?? '')).toEqual({
    client_id: 'client',
    secret: 'the secret of the API',
    key_id: KEY_ID,
  })
  // Neither names the secret: an id shows in memory, a family in the log.
  expect(`${place?.id} ${place?.family}`).not.toContain('the secret')
})

test('the answer is the key, that there is none, or a failure', () => {
  const [place] = asked
  const read = (document: unknown, status = 200) =>
    place?.read({ status, body: Buffer.from(JSON.stringify(document)) }, NOW)
  const key = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', created_at: 1 }
  expect(
    read({ key: { ...key, expired_at: null } })
      ?.keys.get(KEY_ID)
      ?.equals(publicKey),
  ).toBe(true)
  const ending = read({ key: { ...key, expired_at: NOW / 1000 + 60 } })
  expect(ending?.validUntil).toBe(NOW + 60_000)
  expect(read({ key: { ...key, expired_at: NOW / 1000 } })).toBeUndefined()
  const unknown = { error_code: 'INVALID_WEBHOOK_VERIFICATION_KEY_ID' }
  expect(read(unknown, 400)).toBeUndefined()
  expect(() => read({ error_code: 'INVALID_API_KEYS' }, 400)).toThrow()
  expect(() => read(unknown, 500)).toThrow()
  expect(() => read({ key: { ...key, kid: 'other', expired_at: null } })).toThrow()
  expect(() => read({ key: { ...key, x: '', expired_at: null } })).toThrow()
})
