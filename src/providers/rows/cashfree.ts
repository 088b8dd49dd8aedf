import type { ProviderRow } from '../row.ts'

export const cashfree: ProviderRow = {
  key: 'cashfree',
  name: 'Cashfree',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-webhook-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{ts}{body}',
      timestamp: {
        from: 'header:x-webhook-timestamp',
        unit: 'ms',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-idempotency-key'],
  type: ['json:type'],
  order: ['json:data.order.order_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: ['cashfree.com/docs webhook-signature pages'],
  setUp: 'Developers → API keys: the client secret signs.',
  notes:
    'Time, then body, without anything between. The name of the id header, and that the ' +
    'time counts milliseconds, are from memory.',
  notSigned: 'Delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    PAYMENT_SUCCESS_WEBHOOK: ({ now }) => ({
      data: {
        order: { order_id: 'order_20711', order_amount: 64, order_currency: 'INR' },
        payment: { cf_payment_id: '975677711', payment_status: 'SUCCESS' },
      },
      event_time: new Date(now).toISOString(),
      type: 'PAYMENT_SUCCESS_WEBHOOK',
    }),
  },
}
