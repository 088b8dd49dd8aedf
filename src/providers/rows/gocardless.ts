import type { ProviderRow } from '../row.ts'

export const gocardless: ProviderRow = {
  key: 'gocardless',
  name: 'GoCardless',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:webhook-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'events',
    id: ['json:id'],
    type: [['json:resource_type', 'json:action']],
    order: ['json:links.mandate', 'json:links.subscription', 'json:links.payment', 'json:id'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['gocardless/gocardless-nodejs src/webhooks.ts + test vector'],
  setUp: 'Developers → Webhook endpoints: Secret.',
  notes:
    'The header has the name of Standard Webhooks’ and is plain hex. A request carries ' +
    'several events, each with an id of its own.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'payments.confirmed': ({ eventId, now }) => ({
      events: [
        {
          id: eventId,
          created_at: new Date(now).toISOString(),
          resource_type: 'payments',
          action: 'confirmed',
          links: { payment: 'PM00SAMPLE' },
          details: { origin: 'gocardless', cause: 'payment_confirmed' },
        },
      ],
      meta: { webhook_id: 'WB00SAMPLE' },
    }),
  },
}
