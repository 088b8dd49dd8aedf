/**
 * What other people's signing code produces is taken, with any of several secrets, and with none of
 * the wrong ones.
 */
import { describe, expect, test } from 'bun:test'
import { sign as signGithub } from '@octokit/webhooks-methods'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { systemClock } from '../../src/clock.ts'
import type { Delivery } from '../../src/delivery.ts'
import { signSample, sampleEvents } from '../../src/providers/sign.ts'
import { deliveryOf, NOW, outcomeOf, rowOf, verifierOf } from './support.ts'

const BODY = JSON.stringify({ type: 'sample', data: { id: 'ünïcode ✓ $& $1 {ts}' } })
type Pair = readonly [first: string, second: string]
const STANDARD: Pair = [
  'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_C2FVsBQIhrscChlQIMVb5sSYspob7oD0',
]
const PLAIN: Pair = ['the first of two secrets', 'the second of two secrets']

async function githubDelivery(secret: string): Promise<Delivery> {
  return deliveryOf(BODY, { 'x-hub-signature-256': await signGithub(secret, BODY) })
}

async function stripeDelivery(secret: string): Promise<Delivery> {
  const header = await new Stripe('sk_test_sample').webhooks.generateTestHeaderStringAsync({
    payload: BODY,
    secret,
    timestamp: NOW / 1000,
  })
  return deliveryOf(BODY, { 'stripe-signature': header })
}

function standardDelivery(secret: string): Promise<Delivery> {
  return Promise.resolve(
    deliveryOf(BODY, {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': new StandardWebhook(secret).sign('msg_1', new Date(NOW), BODY),
    }),
  )
}

function svixDelivery(secret: string): Promise<Delivery> {
  return Promise.resolve(
    deliveryOf(BODY, {
      'svix-id': 'msg_1',
      'svix-timestamp': String(NOW / 1000),
      'svix-signature': new SvixWebhook(secret).sign('msg_1', new Date(NOW), BODY),
    }),
  )
}

type Deliver = (secret: string) => Promise<Delivery>
const SIGNERS: readonly [key: string, by: string, deliver: Deliver, secrets: Pair][] = [
  ['github', '@octokit/webhooks-methods', githubDelivery, PLAIN],
  ['stripe', 'stripe', stripeDelivery, PLAIN],
  ['standard_webhooks', 'standardwebhooks', standardDelivery, STANDARD],
  ['standard_webhooks', 'svix', svixDelivery, STANDARD],
  ['svix', 'svix', svixDelivery, STANDARD],
  ['svix', 'standardwebhooks', standardDelivery, STANDARD],
  ['gitlab', 'standardwebhooks', standardDelivery, STANDARD],
]

describe.each(SIGNERS)('%s, signed by %s', (key, _, deliver, [first, second]) => {
  test('is taken with the one secret', async () => {
    expect(outcomeOf(verifierOf(key, { secrets: [first] })(await deliver(first)))).toBe('verified')
  })

  test('is taken with either of two secrets, in any order', async () => {
    const orders = [
      [first, second],
      [second, first],
    ]
    for (const secrets of orders) {
      const verify = verifierOf(key, { secrets })
      expect(outcomeOf(verify(await deliver(first)))).toBe('verified')
      expect(outcomeOf(verify(await deliver(second)))).toBe('verified')
    }
  })

  test('is refused with another secret', async () => {
    const verify = verifierOf(key, { secrets: [second] })
    expect(outcomeOf(verify(await deliver(first)))).toBe('SIGNATURE_MISMATCH')
  })
})

describe('what we sign is taken by the library of the provider', () => {
  const eventId = 'msg_1'
  // These libraries compare with the machine's clock.
  const now = systemClock.now()

  test.each(sampleEvents(rowOf('stripe')))('stripe: %s', async (type) => {
    const [secret] = PLAIN
    const { headers, body } = signSample(rowOf('stripe'), { secret, type, eventId, now })
    const header = headers['stripe-signature'] ?? ''
    const { webhooks } = new Stripe('sk_test_sample')
    const event = await webhooks.constructEventAsync(Buffer.from(body), header, secret)
    expect(event.id).toBe(eventId)
  })

  test.each(['standard_webhooks', 'svix'])('%s', (key) => {
    const [secret] = STANDARD
    const { headers, body } = signSample(rowOf(key), { secret, type: 'user.created', eventId, now })
    const library = new SvixWebhook(secret)
    expect(() => library.verify(Buffer.from(body), { ...headers })).not.toThrow()
    expect(() => library.verify(`${Buffer.from(body).toString()} `, { ...headers })).toThrow()
  })
})
