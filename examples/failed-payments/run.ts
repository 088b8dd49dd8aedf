// Signed webhooks of Stripe go in; an alert comes out for each customer whose payments fail.
import { SECRETS, stripeEvent } from '../../test/e2e/providers-at-work.ts'
import { runExample } from '../run-example.ts'

/** Failures by customer: the second has too few for an alert. */
const FAILURES = { cus_1: 3, cus_2: 2, cus_3: 5 }

await runExample(
  {
    directory: import.meta.dir,
    topics: ['failed-payments.stripe', 'failed-payments.alerts'],
    env: { INLET_SECRET_STRIPE: SECRETS.stripe },
  },
  async (example) => {
    for (const [customer, times] of Object.entries(FAILURES)) {
      for (let n = 1; n <= times; n += 1) {
        const payment = { id: `pi_${customer}_${n}`, amount: 1_000, currency: 'eur', customer }
        await example.deliver(await stripeEvent('payment_intent.payment_failed', payment))
        await example.deliver(await stripeEvent('payment_intent.created', payment))
      }
    }
    const alerts = await example.records('failed-payments.alerts', 2)
    for (const { value } of alerts) console.log(value.toString())
  },
)
