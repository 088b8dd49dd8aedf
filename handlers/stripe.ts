/**
 * Stripe: https://docs.stripe.com/api/events/types
 * Money that moved goes to `payments`, in order for each customer; the rest passes unchanged.
 */
import { defineSource, on, z } from 'inlet'

const PaymentIntent = z.object({
  id: z.string(),
  created: z.int(),
  livemode: z.boolean(),
  data: z.object({
    object: z.object({
      id: z.string(),
      amount_received: z.int(),
      currency: z.string().length(3),
      customer: z.string().nullable(),
    }),
  }),
})

export default defineSource('stripe', {
  provider: 'stripe',
  events: {
    'payment_intent.succeeded': on(PaymentIntent, ({ data }) => {
      const { id, amount_received, currency, customer } = data.data.object
      // Test-mode money is no money: stored and visible, but not published.
      if (!data.livemode) return null
      return {
        topic: 'payments',
        key: customer ?? id,
        value: { paymentIntent: id, amount: amount_received, currency, customer, at: data.created },
      }
    }),
    '*': { topic: 'webhooks.stripe' },
  },
})
