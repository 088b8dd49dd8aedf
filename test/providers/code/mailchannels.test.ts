import { createHash, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createSigner, httpbis } from 'http-message-signatures'
import type { KeyPlace } from '../../../src/key-place.ts'
import { compileMailchannels } from '../../../src/providers/code/mailchannels.ts'
import { NOW } from '../support.ts'
import { judge, REGISTERED, sent, unnoticedFlips, unnoticedHeaders } from './support.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const SPKI = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
const BODY = '[{"event":"delivered","request_id":"ä $&"}]'

let asked: KeyPlace[] = []
const takes = judge(compileMailchannels, {
  findKeys(place) {
    asked.push(place)
    return { kind: 'found', keys: [publicKey] }
  },
})

/** As an independent implementation of RFC 9421 signs. */
async function signed({
  fields = ['content-digest'],
  created = NOW,
  keyid = 'mckey',
  body = BODY,
}) {
  const digest = createHash('sha256').update(body).digest('base64')
  const message = await httpbis.signMessage(
    {
      key: createSigner(privateKey, 'ed25519', keyid),
      name: 'sig_1772616600',
      fields: [...fields],
      params: ['created', 'alg', 'keyid'],
      paramValues: { created: new Date(created) },
    },
    { method: 'POST', url: REGISTERED, headers: { 'content-digest': `sha-256=:${digest}:` } },
  )
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) headers[name] = value
  return sent(body, headers)
}

let genuine: ReturnType<typeof sent>
beforeAll(async () => {
  genuine = await signed({})
})
afterAll(() => {
  asked = []
})

test('what an independent implementation signs is taken', async () => {
  expect(takes(genuine)).toBe('proven')
  expect(takes(await signed({ body: '' }))).toBe('proven')
})

test('a flipped bit is noticed', () => {
  expect(unnoticedFlips(takes, genuine)).toEqual([])
  expect(unnoticedHeaders(takes, genuine)).toEqual([])
})

test('the body must be covered, and the time', async () => {
  expect(takes(await signed({ fields: ['@method'] }))).toBe('mismatch')
  const headers = new Headers(genuine.headers)
  headers.set('signature-input', 'sig_1772616600=("content-digest");alg="ed25519";keyid="mckey"')
  expect(takes({ ...genuine, headers })).toBe('mismatch')
})

test('the time holds for 5 minutes in both directions', async () => {
  for (const ms of [-300_000, 300_000]) {
    expect(takes(await signed({ created: NOW + ms }))).toBe('proven')
    expect(takes(await signed({ created: NOW + ms + Math.sign(ms) * 1000 }))).toBe('stale')
  }
})

test('no key is asked for that could not be one, or for a body that was not signed', async () => {
  asked = []
  expect(takes(await signed({ keyid: 'a&id=b' }))).toBe('unknown_key')
  expect(takes({ ...genuine, body: Buffer.from('other') })).toBe('mismatch')
  expect(asked).toEqual([])
})

test('one missing header is a missing proof', () => {
  for (const name of ['signature', 'content-digest']) {
    const headers = new Headers(genuine.headers)
    headers.delete(name)
    expect(takes({ ...genuine, headers })).toBe('missing_header')
  }
})

test('the key is read from where MailChannels publishes it', () => {
  takes(genuine)
  const place = asked.at(-1)
  expect(place?.call.url).toBe('https://api.mailchannels.net/tx/v1/webhook/public-key?id=mckey')
  const read = (document: unknown, status = 200) =>
    place?.read({ status, body: Buffer.from(JSON.stringify(document)) }, NOW)
  const pem = `-----BEGIN PUBLIC KEY-----\n${SPKI}\n-----END PUBLIC KEY-----\n`
  for (const key of [SPKI, pem]) {
    expect(read({ id: 'mckey', key })?.keys.get('mckey')?.equals(publicKey)).toBe(true)
  }
  expect(read({}, 404)).toBeUndefined()
  expect(() => read({ id: 'other', key: SPKI })).toThrow()
  expect(() => read({ id: 'mckey', key: 'AAAA' })).toThrow()
  expect(() => read({}, 500)).toThrow()
})
