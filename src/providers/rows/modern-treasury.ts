import type { ProviderRow } from '../row.ts'

export const modernTreasury: ProviderRow = {
  key: 'modern_treasury',
  name: 'Modern Treasury',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-event-id'],
  type: ['json:event'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['Modern-Treasury/modern-treasury-node src/resources/webhooks.ts + 5 vectors'],
  setUp: 'Developers → Webhooks → the endpoint: Webhook key.',
  notes: 'Hex of the whole body. The event’s id is a header that nobody signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    completed: () => ({
      event: 'completed',
      data: {
        id: '6a9f-sample',
        object: 'payment_order',
        status: 'completed',
        amount: 6_400,
        currency: 'EUR',
      },
    }),
  },
}
