/**
 * Which scheme decides, with which secret: nothing weaker, nothing borrowed, nothing half compared.
 */
import { describe, expect, test } from 'bun:test'
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { Delivery, Verdict } from '../../src/delivery.ts'
import type { FindKeys } from '../../src/key-place.ts'
import {
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  PUBLIC_KEY,
  secretsOf,
  signed,
  verifierOf,
  withHeaders,
} from './support.ts'

const BODY = '{"type":"sample","id":"evt_1"}'
const MISMATCH = 'SIGNATURE_MISMATCH'
const SECOND = 1000

function header(delivery: Delivery, name: string): string {
  return delivery.headers.get(name) ?? ''
}

function hmac(secret: string, text: string, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHmac('sha256', secret).update(text).digest(encoding)
}

describe('there is no falling back to something weaker', () => {
  const token = 'the plain old token'
  const gitlab = (secrets: readonly string[], headers: Record<string, string>): Verdict =>
    verifierOf('gitlab', { secrets })(deliveryOf(BODY, headers))
  const signing = secretsOf('gitlab').verify

  test('GitLab: the plain token alone is taken', () => {
    expect(outcomeOf(gitlab([token], { 'x-gitlab-token': token }))).toBe('verified')
    expect(outcomeOf(gitlab([token], { 'x-gitlab-token': token.slice(1) }))).toBe(MISMATCH)
  })

  test('GitLab: a bad signature beside a good token is refused', () => {
    const headers = {
      ...Object.fromEntries(signed('gitlab', 'other').headers),
      'x-gitlab-token': token,
    }
    expect(outcomeOf(gitlab([signing, token], headers))).toBe(MISMATCH)
  })

  test('GitLab: a signature is refused where only a token is configured', () => {
    const headers = {
      ...Object.fromEntries(signed('gitlab', BODY).headers),
      'x-gitlab-token': token,
    }
    expect(outcomeOf(gitlab([token], headers))).toBe(MISMATCH)
  })

  test('GitLab: a token is refused where only a signing secret is configured', () => {
    expect(outcomeOf(gitlab([signing], { 'x-gitlab-token': signing }))).toBe(MISMATCH)
    expect(gitlab([signing], {})).toMatchObject({
      code: 'SIGNATURE_MISSING',
      detail: 'webhook-signature is missing',
    })
  })

  test('GitHub: a good SHA-1 signature alone is no signature', () => {
    const sha1 = createHmac('sha1', secretsOf('github').verify).update(BODY).digest('hex')
    const verify = verifierOf('github')
    expect(outcomeOf(verify(deliveryOf(BODY, { 'x-hub-signature': `sha1=${sha1}` })))).toBe(
      'SIGNATURE_MISSING',
    )
    expect(outcomeOf(verify(deliveryOf(BODY, { 'x-hub-signature-256': `sha1=${sha1}` })))).toBe(
      MISMATCH,
    )
  })

  test('ed25519: an HMAC made with the public key is no signature', () => {
    const at = String(NOW / SECOND)
    const raw = Buffer.from(PUBLIC_KEY.slice('whpk_'.length), 'base64')
    const mac = createHmac('sha256', raw).update(`msg_1.${at}.${BODY}`).digest('base64')
    for (const version of ['v1', 'v1a']) {
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': at,
        'webhook-signature': `${version},${mac}`,
      }
      expect(outcomeOf(verifierOf('standard_webhooks_ed25519')(deliveryOf(BODY, headers)))).toBe(
        MISMATCH,
      )
    }
  })
})

test('Kick: a good signature of a key that is not RSA is none', () => {
  const at = new Date(NOW).toISOString()
  const judge = ({ privateKey, publicKey }: Record<'privateKey' | 'publicKey', KeyObject>) => {
    const text = Buffer.from(`msg_1.${at}.${BODY}`)
    const headers = {
      'kick-event-message-id': 'msg_1',
      'kick-event-message-timestamp': at,
      'kick-event-signature': sign('sha256', text, privateKey).toString('base64'),
    }
    const findKeys: FindKeys = () => ({ kind: 'found', keys: [publicKey] })
    return outcomeOf(verifierOf('kick', { findKeys })(deliveryOf(BODY, headers)))
  }
  expect(judge(generateKeyPairSync('rsa', { modulusLength: 2048 }))).toBe('verified')
  expect(judge(generateKeyPairSync('ec', { namedCurve: 'P-256' }))).toBe(MISMATCH)
})

describe('secrets are what the provider means by them', () => {
  const at = String(NOW / SECOND)
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

  test('Stripe: whsec_ is part of the key', () => {
    const verify = verifierOf('stripe', { secrets: [secret] })
    const value = (key: string | Buffer) =>
      `t=${at},v1=${createHmac('sha256', key).update(`${at}.${BODY}`).digest('hex')}`
    const verbatim = deliveryOf(BODY, { 'stripe-signature': value(secret) })
    expect(outcomeOf(verify(verbatim))).toBe('verified')
    const decoded = value(Buffer.from(secret.slice('whsec_'.length), 'base64'))
    expect(outcomeOf(verify(deliveryOf(BODY, { 'stripe-signature': decoded })))).toBe(MISMATCH)
  })

  test('Standard Webhooks: what follows whsec_ is base64', () => {
    const mac = hmac(secret, `msg_1.${at}.${BODY}`, 'base64')
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': at,
      'webhook-signature': `v1,${mac}`,
    }
    const verify = verifierOf('standard_webhooks', { secrets: [secret] })
    expect(outcomeOf(verify(deliveryOf(BODY, headers)))).toBe(MISMATCH)
  })
})

describe('headers of another provider are no proof', () => {
  test('Svix and Standard Webhooks headers are taken as whole families only', () => {
    const delivery = signed('svix', BODY)
    const mixed = withHeaders(delivery, {
      'webhook-signature': header(delivery, 'svix-signature'),
      'svix-signature': null,
    })
    expect(outcomeOf(verifierOf('svix')(mixed))).toBe('SIGNATURE_MISSING')
  })

  test('a signed id cannot be replaced by a header that nobody signed', () => {
    for (const [key, name] of [
      ['standard_webhooks', 'svix-id'],
      ['svix', 'webhook-id'],
      ['gitlab', 'idempotency-key'],
    ] as const) {
      const delivery = withHeaders(signed(key, BODY), { [name]: 'forged' })
      expect(expectVerified(verifierOf(key)(delivery)).eventId).toBe('event-1')
    }
  })
})

describe('tokens and passwords', () => {
  const token = secretsOf('generic_token').verify

  test('are compared whole', () => {
    const verify = verifierOf('generic_token')
    for (const [value, outcome] of [
      [token, 'verified'],
      [token.slice(0, -1), MISMATCH],
      [`${token}x`, MISMATCH],
      [token.toUpperCase(), MISMATCH],
      ['', MISMATCH],
      [`${token}, ${token}`, MISMATCH],
    ] as const) {
      expect(outcomeOf(verify(deliveryOf(BODY, { 'x-api-key': value })))).toBe(outcome)
    }
  })

  test('stand where the operator says, after the prefix that they say', () => {
    const config = { header: 'authorization', prefix: 'Bearer ' }
    const verify = verifierOf('generic_token', { config })
    expect(outcomeOf(verify(deliveryOf(BODY, { authorization: `Bearer ${token}` })))).toBe(
      'verified',
    )
    expect(outcomeOf(verify(deliveryOf(BODY, { authorization: token })))).toBe(MISMATCH)
    expect(outcomeOf(verify(deliveryOf(BODY, { 'x-api-key': token })))).toBe('SIGNATURE_MISSING')
  })

  test('of Basic may contain colons, and the word may be written in any case', () => {
    const verify = verifierOf('generic_basic')
    const encoded = btoa(secretsOf('generic_basic').verify)
    for (const [value, outcome] of [
      [`Basic ${encoded}`, 'verified'],
      [`basic ${encoded}`, 'verified'],
      [`Basic ${btoa('relay:with')}`, MISMATCH],
      [`Basic ${encoded}, Basic ${encoded}`, MISMATCH],
      [`Bearer ${encoded}`, MISMATCH],
      ['Basic', MISMATCH],
      ['Basic \u00e9', MISMATCH],
    ] as const) {
      expect(outcomeOf(verify(deliveryOf(BODY, { authorization: value })))).toBe(outcome)
    }
  })
})

describe('the generic HMAC is what the operator configured', () => {
  test.each([
    ['sha1', 'hex', 'sha1='],
    ['sha384', 'base64', ''],
    ['sha512', 'base64url', 'v='],
  ] as const)('%s, %s, prefix "%s"', (hash, encoding, prefix) => {
    const config = { hash, encoding, prefix, header: 'x-my-signature' }
    const mac = createHmac(hash, secretsOf('generic_hmac').verify).update(BODY).digest(encoding)
    const verify = verifierOf('generic_hmac', { config })
    expect(outcomeOf(verify(deliveryOf(BODY, { 'X-My-Signature': prefix + mac })))).toBe('verified')
    expect(outcomeOf(verify(deliveryOf(BODY, { 'X-My-Signature': `x${mac}` })))).toBe(MISMATCH)
  })
})

describe('a delivery tells which secret proved it', () => {
  const old = 'the-old-secret'
  const current = 'the-new-secret'

  test('by its place among the secrets of the source', () => {
    const verify = verifierOf('github', { secrets: [current, old] })
    const placeOf = (secret: string) => verify(signed('github', BODY, { secret }))
    expect(placeOf(old)).toMatchObject({ kind: 'verified', secretIndex: 1 })
    expect(placeOf(current)).toMatchObject({ kind: 'verified', secretIndex: 0 })
  })

  test('also where each scheme has secrets of its own', () => {
    const token = 'the plain old token'
    const verify = verifierOf('gitlab', { secrets: [token, secretsOf('gitlab').verify] })
    const presented = deliveryOf(BODY, { 'x-gitlab-token': token })
    expect(verify(presented)).toMatchObject({ kind: 'verified', secretIndex: 0 })
    expect(verify(signed('gitlab', BODY))).toMatchObject({ kind: 'verified', secretIndex: 1 })
  })

  test('also with public keys, and not at all where nothing was asked for', () => {
    const other = 'whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
    const verify = verifierOf('standard_webhooks_ed25519', { secrets: [other, PUBLIC_KEY] })
    expect(verify(signed('standard_webhooks_ed25519', BODY))).toMatchObject({ secretIndex: 1 })
    const unsigned = verifierOf('github', { secrets: [], unsigned: true })(signed('github', BODY))
    expect(unsigned).toMatchObject({ kind: 'verified', secretIndex: undefined })
  })
})
