import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect, test } from 'bun:test'
import { jwksPlace } from '../../../src/providers/keys/jwks.ts'

const place = jwksPlace('https://keys.example.test/jwks.json', 'test')

function read(document: unknown, status = 200) {
  const body = new TextEncoder().encode(JSON.stringify(document))
  return place.read({ status, body }, 0)
}

const jwk = (key: KeyObject) => key.export({ format: 'jwk' })
const ed25519 = generateKeyPairSync('ed25519').publicKey
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey

test('a key set gives its signing keys by their ids, and passes over the rest', () => {
  const set = read({
    keys: [
      { ...jwk(ed25519), kid: 'one', use: 'sig', alg: 'EdDSA', 'provider’s own': [1] },
      { ...jwk(p256), kid: 'two' },
      jwk(ed25519),
      { ...jwk(p256), kid: 'for encryption', use: 'enc' },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
      { kty: 'of the future', kid: 'new' },
      { ...jwk(short), kid: 'short' },
      { ...jwk(rsa), kid: 'whose signature is the message', e: 'AQ' },
      { ...jwk(ed25519), kid: 7 },
      { kid: 'no kind' },
      null,
    ],
  })
  expect([...(set?.keys.keys() ?? [])]).toEqual(['one', 'two', 'without an id, 2'])
  expect(set?.keys.get('two')?.equals(p256)).toBe(true)
})

test('a key set without a usable key, and any other answer, is a failure', () => {
  expect(() => read({ keys: [{ ...jwk(short), kid: 'short' }] })).toThrow()
  expect(() => read({ keys: [{ kid: 'no kind' }] })).toThrow()
  expect(() => read([])).toThrow()
  expect(() => read({ keys: [jwk(ed25519)] }, 404)).toThrow()
})

test('only the host of the address is called', () => {
  expect(place.call.hosts).toEqual(['keys.example.test'])
})
