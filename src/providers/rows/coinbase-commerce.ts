import type { ProviderRow } from '../row.ts'

export const coinbaseCommerce: ProviderRow = {
  key: 'coinbase_commerce',
  name: 'Coinbase Commerce',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-cc-webhook-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event.id'],
  type: ['json:event.type'],
  order: ['json:event.data.code'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['coinbase/coinbase-commerce-node lib/Webhook.js + test vector'],
  setUp: 'Settings → Notifications: Webhook shared secret.',
  notes: 'The outer id counts deliveries; the event’s is within `event`.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'charge:confirmed': ({ eventId, now }) => ({
      attempt_number: 1,
      id: 'dlv_sample',
      scheduled_for: new Date(now).toISOString(),
      event: {
        id: eventId,
        resource: 'event',
        type: 'charge:confirmed',
        created_at: new Date(now).toISOString(),
        data: { code: 'SAMPLE66', name: 'Two tickets' },
      },
    }),
  },
}
