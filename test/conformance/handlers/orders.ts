/** A caller of `POST /events` whose handler takes, refuses, breaks and dawdles. */
import { defineSource, on, z } from 'inlet'

const Order = z.object({ total: z.int() })

/** Long enough for another request to come meanwhile. */
const SLOW_MS = 300

export default defineSource('orders', {
  provider: 'cloudevents',
  events: {
    'order.paid': on(Order, ({ data }) => [
      { topic: 'orders', value: { paid: data.total } },
      { topic: 'orders.raw' },
    ]),
    'order.broken': on(z.unknown(), () => {
      throw new Error('a reason that is nobody else’s business')
    }),
    'order.slow': on(z.unknown(), async () => {
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
      return { topic: 'orders' }
    }),
  },
})
