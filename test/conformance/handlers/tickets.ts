/** A third party whose events match a schema, or do not. */
import { defineSource, on, z } from 'inlet'

export default defineSource('tickets', {
  provider: 'standard_webhooks',
  events: {
    'ticket.opened': on(z.object({ number: z.int() }), ({ data }) => ({
      topic: 'tickets',
      key: data.number,
    })),
    'ticket.broken': on(z.unknown(), () => {
      throw new Error('broken')
    }),
  },
})
