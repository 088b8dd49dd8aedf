/** An alert at the third payment of a customer that fails within ten minutes of the one before. */
import { aggregate, defineConsumer, session, z } from 'inlet'

const FAILURES = 3

const Failed = z.object({
  data: z.object({ object: z.object({ amount: z.int(), currency: z.string().length(3) }) }),
})
const Burst = z.object({ failures: z.int(), amount: z.int(), currency: z.string() })

export default defineConsumer('failed-payments', {
  topics: ['failed-payments.stripe'],
  state: Burst,
  window: {
    over: session('10m'),
    merge: (earlier, later) => ({
      ...later,
      failures: earlier.failures + later.failures,
      amount: earlier.amount + later.amount,
    }),
    // Who is on call does not wait until the window closes.
    onUpdate: ({ key, start, state }) =>
      state.failures === FAILURES
        ? {
            topic: 'failed-payments.alerts',
            key,
            value: { customer: key, since: new Date(start).toISOString(), ...state },
          }
        : null,
  },
  events: {
    'payment_intent.payment_failed': aggregate(Failed, Burst, (burst, { data }) => {
      const { amount, currency } = data.data.object
      return {
        failures: (burst?.failures ?? 0) + 1,
        amount: (burst?.amount ?? 0) + amount,
        currency,
      }
    }),
  },
})
