/** Stripe's events as they are: the key is the customer, so the events of one stay in order. */
import { defineSource } from 'inlet'

export default defineSource('stripe', {
  provider: 'stripe',
  events: { '*': { topic: 'failed-payments.stripe' } },
})
