/** Orders with what another service knows of their customers. */
import { defineConsumer, onRecord, RetryableError, z } from 'inlet'
import { openBreaker } from './lib/breaker.ts'

const Order = z.object({ data: z.object({ id: z.string(), customer: z.string() }) })
const Customer = z.object({ name: z.string(), country: z.string().length(2) })

/** After so many failures in a row the service is left alone for a while. */
const breaker = openBreaker({ failuresMax: 3, restMs: 500 })

async function find(customer: string, signal: AbortSignal) {
  const url = `${process.env['CUSTOMERS_URL']}/customers/${encodeURIComponent(customer)}`
  const response = await fetch(url, { signal })
  if (!response.ok) throw new Error(`the customer service answers ${response.status}`)
  return Customer.parse(await response.json())
}

export default defineConsumer('enrich', {
  topics: ['enrichment.orders'],
  // Calls under way at once. While an order waits for its next try, it is none of them.
  concurrency: 4,
  timeoutMs: 2_000,
  retry: { retryableTriesMax: 100, baseMs: 100, maxMs: 1_000 },
  events: {
    'order.paid': onRecord(Order, async ({ data, signal }) => {
      const { id, customer } = data.data
      const { name, country } = await breaker(() => find(customer, signal)).catch((cause) => {
        throw new RetryableError('the customer is not known yet', { cause })
      })
      return { topic: 'enrichment.enriched', key: customer, value: { order: id, name, country } }
    }),
  },
})
