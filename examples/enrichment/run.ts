// Orders go in, signed; orders with names come out, though the service that knows them fails.
import { systemClock } from '../../src/clock.ts'
import { SECRETS, standardEvent } from '../../test/e2e/providers-at-work.ts'
import { runExample } from '../run-example.ts'

const ORDERS = 40
/** So many calls are answered 503. */
const FAILURES = 10

const seen = { calls: 0, atOnce: 0, atOnceMost: 0 }
using customers = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    seen.calls += 1
    if (seen.calls <= FAILURES) return new Response('down for maintenance', { status: 503 })
    seen.atOnce += 1
    seen.atOnceMost = Math.max(seen.atOnceMost, seen.atOnce)
    await Bun.sleep(10)
    seen.atOnce -= 1
    const [customer] = new URL(request.url).pathname.split('/').slice(-1)
    return Response.json({ name: `Customer ${customer}`, country: 'NZ' })
  },
})

await runExample(
  {
    directory: import.meta.dir,
    topics: ['enrichment.orders', 'enrichment.enriched'],
    env: { INLET_SECRET_STANDARD: SECRETS.standard, CUSTOMERS_URL: customers.url.origin },
  },
  async (example) => {
    for (let n = 0; n < ORDERS; n += 1) {
      const order = { id: `order-${n}`, customer: `c${n % 8}` }
      await example.deliver(standardEvent('order.paid', order, new Date(systemClock.now())))
    }
    const enriched = await example.records('enrichment.enriched', ORDERS)
    console.log(enriched[0]?.value.toString())
    console.log(JSON.stringify({ orders: enriched.length, ...seen }))
  },
)
