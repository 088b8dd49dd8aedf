import { expect, test } from 'bun:test'
import { simulate } from 'inlet'
import stripe from '../../handlers/stripe.ts'

const succeeded = {
  id: 'evt_1',
  created: 1_790_000_000,
  livemode: true,
  data: {
    object: {
      id: 'pi_1',
      amount_received: 1250,
      currency: 'eur',
      customer: 'cus_1' as string | null,
    },
  },
}

test('a payment is keyed by its customer', async () => {
  const records = await simulate(stripe, { type: 'payment_intent.succeeded', data: succeeded })

  expect(records).toEqual([
    {
      topic: 'payments',
      key: 'cus_1',
      value: {
        paymentIntent: 'pi_1',
        amount: 1250,
        currency: 'eur',
        customer: 'cus_1',
        at: 1_790_000_000,
      },
    },
  ])
})

test('a payment without a customer is keyed by the payment', async () => {
  const object = { ...succeeded.data.object, customer: null }

  const [record] = await simulate(stripe, {
    type: 'payment_intent.succeeded',
    data: { ...succeeded, data: { object } },
  })

  expect(record?.key).toBe('pi_1')
})

test('test-mode payments are not published', async () => {
  const data = { ...succeeded, livemode: false }

  expect(await simulate(stripe, { type: 'payment_intent.succeeded', data })).toEqual([])
})

test('any other event passes unchanged', async () => {
  expect(await simulate(stripe, { type: 'invoice.paid' })).toEqual([{ topic: 'webhooks.stripe' }])
})
