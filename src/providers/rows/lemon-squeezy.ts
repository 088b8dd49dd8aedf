import type { ProviderRow } from '../row.ts'

export const lemonSqueezy: ProviderRow = {
  key: 'lemon_squeezy',
  name: 'Lemon Squeezy',
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
  id: [],
  type: ['header:x-event-name', 'json:meta.event_name'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: '3 (5s,25s,125s)', verified: false },
  level: 'sdk',
  sources: ['lmsqueezy/laravel src/Http/Middleware/VerifyWebhookSignature.php', 'Hookflo/tern'],
  setUp: 'Settings → Webhooks: the Signing secret that you type there.',
  notes:
    'The body has no id: the same change of the same object twice within 15 minutes counts once.',
  notSigned:
    'Time and event type: whoever has captured a delivery can send it again, with another one.',
  samples: {
    order_created: ({ now }) => ({
      meta: { event_name: 'order_created', test_mode: true },
      data: {
        type: 'orders',
        id: '20711',
        attributes: {
          store_id: 31,
          status: 'paid',
          total: 6_400,
          currency: 'EUR',
          user_email: 'mara@example.com',
          created_at: new Date(now).toISOString(),
          updated_at: new Date(now).toISOString(),
        },
      },
    }),
  },
}
