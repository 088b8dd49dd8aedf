import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'bun:test'
import type { FoundKeys, KeyPlace } from '../../../src/key-place.ts'
import { compileConnectwise } from '../../../src/providers/code/connectwise.ts'
import { NOW } from '../support.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

const KEY_URL = 'https://api-na.myconnectwise.net/v4_6_release/keys/ours/'
const SIGNING_KEY = 'the signing key'

/** The places that are there, and what they answer. */
let asked: KeyPlace[] = []
function findKeys(place: KeyPlace): FoundKeys {
  asked.push(place)
  const body = Buffer.from(JSON.stringify({ signing_key: SIGNING_KEY }))
  const set = place.read({ status: 200, body }, NOW)
  const isOurs = place.id === `${KEY_URL}1`
  return isOurs ? { kind: 'found', keys: [...(set?.keys.values() ?? [])] } : { kind: 'unknown' }
}

const takes = judge(compileConnectwise, { config: { key_url: KEY_URL }, findKeys })

function signed(keyUrl = `${KEY_URL}1`) {
  const body = JSON.stringify({ Type: 'ticket', Action: 'ä $&', Metadata: { key_url: keyUrl } })
  const key = createHash('sha256').update(SIGNING_KEY).digest()
  const signature = createHmac('sha256', key).update(body).digest('base64')
  return sent(body, { 'x-content-signature': signature })
}

test('a body that is signed with our key is taken, and with no flipped bit', () => {
  expect(takes(signed())).toBe('proven')
  expect(unnoticedFlips(takes, signed())).toEqual([])
})

test('a key of somebody else, who may have an account there too, is never asked for', () => {
  asked = []
  for (const url of [
    KEY_URL.replace('ours', 'theirs'),
    'https://evil.test/',
    '',
    KEY_URL.slice(1),
    `${KEY_URL}../theirs/1`,
    `${KEY_URL}%2e%2E/theirs/1`,
    `${KEY_URL}..\\theirs/1`,
  ]) {
    expect(takes(signed(url))).toBe('unknown_key')
  }
  for (const key_url of ['', 'https://evil.test/', KEY_URL.replace('https', 'http')]) {
    expect(() => judge(compileConnectwise, { config: { key_url } })).toThrow('CONFIG_INVALID')
  }
  expect(asked).toEqual([])
})

test('the key is asked of hosts of ConnectWise only', () => {
  takes(signed())
  expect(asked.at(-1)?.call).toEqual({ url: `${KEY_URL}1`, hosts: ['*.myconnectwise.net'] })
  const read = (text: string, status: number) =>
    asked.at(-1)?.read({ status, body: Buffer.from(text) }, NOW)
  expect(read('', 404)).toBeUndefined()
  expect(() => read('{"signing_key":""}', 200)).toThrow()
  expect(() => read('{}', 500)).toThrow()
})

test('what has no signature or no key address is refused', () => {
  const { body } = signed()
  expect(takes(sent(body, { 'x-content-signature': 'not base64!' }))).toBe('bad_encoding')
  expect(takes(sent('{}', { 'x-content-signature': 'AAAA' }))).toBe('unknown_key')
  expect(takes(sent('', { 'x-content-signature': 'AAAA' }))).toBe('unknown_key')
})
