import braintree from 'braintree'
import { describe, expect, test } from 'bun:test'
import { compileBraintree } from '../../../src/providers/code/braintree.ts'
import { NOW } from '../support.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

const PUBLIC_KEY = 'integration_public_key'
const PRIVATE_KEY = 'integration_private_key'
const gateway = new braintree.BraintreeGateway({
  environment: braintree.Environment.Sandbox,
  merchantId: 'integration_merchant_id',
  publicKey: PUBLIC_KEY,
  privateKey: PRIVATE_KEY,
})

/** As Braintree's own library signs. */
async function notified(kind: string, change: (form: URLSearchParams) => void = () => undefined) {
  const type = kind as braintree.WebhookNotificationKind
  const form = new URLSearchParams({
    ...(await gateway.webhookTesting.sampleNotification(type, 'id-1')),
  })
  change(form)
  return sent(form.toString(), { 'content-type': 'application/x-www-form-urlencoded' })
}

const options = { secrets: [PRIVATE_KEY], config: { public_key: PUBLIC_KEY } }
const takes = judge(compileBraintree, options)

describe('what Braintree’s own library signs', () => {
  test.each(['subscription_charged_successfully', 'dispute_opened', 'check'])(
    '%s',
    async (kind) => {
      const check = compileBraintree({
        ...options,
        source: 'test',
        url: undefined,
        findKeys: () => ({ kind: 'unknown' }),
        now: () => NOW,
      })
      // A dispute has a kind of its own: `chargeback`.
      const delivery = await notified(kind)
      expect(check({ delivery, data: undefined })).toMatchObject({
        kind: 'proven',
        claims: { kind },
      })
    },
  )
})

test('a flipped bit is noticed', async () => {
  // %2B and %2b are one character.
  const unnoticed = unnoticedFlips(takes, await notified('check'))
  expect(unnoticed.filter((where) => !where.includes('%'))).toEqual([])
})

test('the payload is taken with its last line break lost, and with no other change', async () => {
  const cut = (form: URLSearchParams) =>
    form.set('bt_payload', (form.get('bt_payload') ?? '').trimEnd())
  expect(takes(await notified('check', cut))).toBe('proven')
  const longer = (form: URLSearchParams) => form.append('bt_payload', 'YQ==')
  expect(takes(await notified('check', longer))).toBe('bad_encoding')
  const other = (form: URLSearchParams) => form.set('bt_payload', '<xml>')
  expect(takes(await notified('check', other))).toBe('bad_encoding')
})

test('only the signature of the configured public key counts', async () => {
  const withAnother = (form: URLSearchParams) =>
    form.set('bt_signature', `other|${'0'.repeat(40)}&${form.get('bt_signature')}`)
  expect(takes(await notified('check', withAnother))).toBe('proven')
  const renamed = (form: URLSearchParams) =>
    form.set('bt_signature', (form.get('bt_signature') ?? '').replace(PUBLIC_KEY, 'other'))
  expect(takes(await notified('check', renamed))).toBe('mismatch')
  expect(judge(compileBraintree, { ...options, config: {} })(await notified('check'))).toBe(
    'mismatch',
  )
})

test('what lacks a field is refused', async () => {
  for (const name of ['bt_payload', 'bt_signature']) {
    expect(takes(await notified('check', (form) => form.delete(name)))).toBe('missing_header')
  }
  expect(takes(sent('bt_payload=%zz'))).toBe('missing_header')
})
