import type { ProviderRow } from '../row.ts'

export const square: ProviderRow = {
  key: 'square',
  name: 'Square',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-square-hmacsha256-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{url}{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: ['json:type'],
  order: ['json:data.id', 'json:merchant_id'],
  content: ['json'],
  ack: { timeoutSeconds: 10, retries: 'up to 24 h', verified: false },
  level: 'sdk',
  sources: ['square/square-nodejs-sdk src/wrapper/WebhooksHelper.ts + tests (3 vectors)'],
  setUp: 'Developer Console → Webhooks → the subscription: Signature key.',
  notes:
    'The URL is signed before the body. It is INLET_URL and the path, and must be what ' +
    'the subscription says, letter for letter.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'payment.updated': ({ eventId, now }) => ({
      merchant_id: 'MLSAMPLE',
      type: 'payment.updated',
      event_id: eventId,
      created_at: new Date(now).toISOString(),
      data: {
        type: 'payment',
        id: 'pmt_sample',
        object: {
          payment: {
            id: 'pmt_sample',
            status: 'COMPLETED',
            amount_money: { amount: 6_400, currency: 'EUR' },
          },
        },
      },
    }),
  },
}
