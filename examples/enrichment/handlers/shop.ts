/** A shop that signs as Standard Webhooks says. */
import { defineSource } from 'inlet'

export default defineSource('standard', {
  provider: 'standard_webhooks',
  events: { 'order.paid': { topic: 'enrichment.orders' } },
})
