/** What providers mean by the text that they display as a secret. */
import { describe, expect, test } from 'bun:test'
import { createHash, createHmac, type BinaryLike } from 'node:crypto'
import { validateSecret } from '../../src/providers/engine/secrets.ts'
import { deliveryOf, NOW, outcomeOf, rowOf, verifierOf } from './support.ts'

const BODY = '{"type":"sample","id":"evt_1"}'
const AT = String(NOW / 1000)
const BASE64 = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BYTES = Buffer.from(BASE64, 'base64')

/** The headers of Standard Webhooks, signed with these key bytes. */
function standard(key: BinaryLike): Record<string, string> {
  const mac = createHmac('sha256', key).update(`msg_1.${AT}.${BODY}`).digest('base64')
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': AT,
    'webhook-signature': `v1,${mac}`,
  }
}

function mac(hash: string, key: BinaryLike, encoding: 'hex' | 'base64') {
  return createHmac(hash, key).update(BODY).digest(encoding)
}

interface Case {
  readonly secret: string
  readonly right: Record<string, string>
  readonly wrong: Record<string, string>
}

const CASES: Record<string, Case> = {
  standard_webhooks: {
    secret: `whsec_${BASE64}`,
    right: standard(BYTES),
    wrong: standard(`whsec_${BASE64}`),
  },
  supabase_auth: {
    secret: `v1,whsec_${BASE64}`,
    right: standard(BYTES),
    wrong: standard(`v1,whsec_${BASE64}`),
  },
  polar: { secret: BASE64, right: standard(BASE64), wrong: standard(BYTES) },
  bigcommerce: { secret: BASE64, right: standard(BASE64), wrong: standard(BYTES) },
  ahasend: {
    secret: `whsec_${BASE64}`,
    right: standard(`whsec_${BASE64}`),
    wrong: standard(BYTES),
  },
  xero: {
    secret: `${BASE64}==`,
    right: { 'x-xero-signature': mac('sha256', `${BASE64}==`, 'base64') },
    wrong: { 'x-xero-signature': mac('sha256', BYTES, 'base64') },
  },
  airtable: {
    secret: BASE64,
    right: { 'x-airtable-content-mac': `hmac-sha256=${mac('sha256', BYTES, 'hex')}` },
    wrong: { 'x-airtable-content-mac': `hmac-sha256=${mac('sha256', BASE64, 'hex')}` },
  },
  adyen_platform: {
    secret: BYTES.toString('hex').toUpperCase(),
    right: { hmacsignature: mac('sha256', BYTES, 'base64') },
    wrong: { hmacsignature: mac('sha256', BYTES.toString('hex'), 'base64') },
  },
  ms_teams_outgoing: {
    secret: BASE64,
    right: { authorization: `HMAC ${mac('sha256', BYTES, 'base64')}` },
    wrong: { authorization: `HMAC ${mac('sha256', BASE64, 'base64')}` },
  },
  fitbit: {
    secret: 'client-secret',
    right: { 'x-fitbit-signature': mac('sha1', 'client-secret&', 'base64') },
    wrong: { 'x-fitbit-signature': mac('sha1', 'client-secret', 'base64') },
  },
  easypost: {
    secret: 'caf\u00e9-secret',
    right: { 'x-hmac-signature': `hmac-sha256-hex=${mac('sha256', 'cafe\u0301-secret', 'hex')}` },
    wrong: { 'x-hmac-signature': `hmac-sha256-hex=${mac('sha256', 'caf\u00e9-secret', 'hex')}` },
  },
}

test.each(Object.entries(CASES))('%s', (key, { secret, right, wrong }) => {
  const verify = verifierOf(key, { secrets: [secret] })
  expect(validateSecret(rowOf(key), secret)).toBeUndefined()
  expect(outcomeOf(verify(deliveryOf(BODY, right)))).toMatch(/^(?:verified|batch)$/)
  expect(outcomeOf(verify(deliveryOf(BODY, wrong)))).toBe('SIGNATURE_MISMATCH')
})

test('inngest: the environment before the key is no part of it', () => {
  const sign = (key: string) =>
    `t=${AT}&s=${createHmac('sha256', key)
      .update(BODY + AT)
      .digest('hex')}`
  for (const secret of ['signkey-prod-12345678', 'signkey-test-12345678', '12345678']) {
    const verify = verifierOf('inngest', { secrets: [secret] })
    const delivery = deliveryOf(BODY, { 'x-inngest-signature': sign('12345678') })
    expect(outcomeOf(verify(delivery))).toBe('verified')
  }
})

test('a plain hash with the secret in its text', () => {
  const secret = 'the-api-secret'
  const verify = verifierOf('cloudinary', { secrets: ['an-older-one', secret] })
  const digest = (text: string) => createHash('sha1').update(text).digest('hex')
  const judge = (signature: string) =>
    outcomeOf(verify(deliveryOf(BODY, { 'x-cld-timestamp': AT, 'x-cld-signature': signature })))
  expect(judge(digest(BODY + AT + secret))).toBe('verified')
  expect(judge(digest(BODY + AT))).toBe('SIGNATURE_MISMATCH')
  expect(judge(digest(`${BODY}${AT}{secret}`))).toBe('SIGNATURE_MISMATCH')
})

describe('a secret that is none has a problem, which does not contain it', () => {
  test.each([
    ['airtable', 'not base64!', 'is not valid base64'],
    ['adyen_platform', 'ABCDEF0', 'is not valid hex'],
    ['adyen_platform', 'ABCDEF', 'is shorter than 8 bytes'],
    ['supabase_auth', 'v1,whsec_AAAA', 'is shorter than 8 bytes'],
    ['fitbit', '1234567', 'is shorter than 8 bytes'],
    ['discord', 'abcd', 'is not a public key of 32 bytes, hex'],
    ['telnyx', 'AAAA', 'is not a public key of 32 bytes, base64'],
    ['sendgrid', 'AAAA', 'is not a public key in PEM'],
    [
      'gong',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      'is not a public key in PEM',
    ],
    ['kick', 'anything', 'is not needed: Kick has a public key'],
  ])('%s: %s', (key, secret, problem) => {
    expect(validateSecret(rowOf(key), secret)).toBe(problem)
    expect(problem).not.toContain(secret)
  })

  test('of a kind that its provider never signs with: the source does not start', () => {
    const shared = { secrets: ['a shared secret for an RS256 token'] }
    expect(() => verifierOf('gong', shared)).toThrow('CONFIG_INVALID: a secret is no key for RS256')
    const rsa = { secrets: [rsaKey()] }
    expect(() => verifierOf('sendgrid', rsa)).toThrow(
      'CONFIG_INVALID: a secret is not a public key',
    )
    expect(() => verifierOf('netlify', rsa)).toThrow('CONFIG_INVALID: a secret is no key for HS256')
  })
})

function rsaKey(): string {
  return `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----`
}
