import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'bun:test'
import { serialize } from 'php-serialize'
import { compilePaddleClassic } from '../../../src/providers/code/paddle-classic.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = publicKey.export({ format: 'pem', type: 'spki' })

const FIELDS = {
  alert_name: 'subscription_created',
  alert_id: '1234567',
  status: 'active',
  passthrough: 'ä "quoted"; s:1:"x"; & = + %',
  email: '',
  Zone: 'capitals come first',
}

/** Signs as Paddle's own example does, with an independent serialisation. */
function signed(fields: Readonly<Record<string, string>> = FIELDS) {
  const sorted = Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const signature = sign('sha1', Buffer.from(serialize(sorted)), privateKey).toString('base64')
  return new URLSearchParams({ ...fields, p_signature: signature })
}

const takes = judge(compilePaddleClassic, { secrets: [PEM] })

test('fields that an independent PHP serialisation signed are taken', () => {
  expect(takes(sent(signed().toString()))).toBe('proven')
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  const pem = other.export({ format: 'pem', type: 'spki' })
  expect(judge(compilePaddleClassic, { secrets: [pem, PEM] })(sent(signed().toString()))).toBe(
    'proven',
  )
  expect(judge(compilePaddleClassic, { secrets: [pem] })(sent(signed().toString()))).toBe(
    'mismatch',
  )
})

test('a flipped bit is noticed', () => {
  const unnoticed = unnoticedFlips(takes, sent(signed({ alert_id: '1', status: 'a' }).toString()))
  expect(unnoticed.filter((where) => !where.includes('%'))).toEqual([])
})

test('a field more, less or twice is refused', () => {
  const more = signed()
  more.append('added', '1')
  const less = signed()
  less.delete('email')
  const twice = signed()
  twice.append('status', 'active')
  const signedTwice = signed()
  signedTwice.append('p_signature', 'AAAA')
  for (const form of [more, less, twice, signedTwice]) {
    expect(takes(sent(form.toString()))).not.toBe('proven')
  }
  expect(takes(sent('alert_id=1'))).toBe('missing_header')
})

test('what is no RSA public key does not start', () => {
  const ed25519 = generateKeyPairSync('ed25519').publicKey
  const pem = ed25519.export({ format: 'pem', type: 'spki' })
  for (const secret of [pem, 'not a key', PEM.slice(0, 99)]) {
    expect(() => judge(compilePaddleClassic, { secrets: [secret] })).toThrow('CONFIG_INVALID')
  }
})
