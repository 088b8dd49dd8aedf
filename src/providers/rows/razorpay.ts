import type { ProviderRow } from '../row.ts'

export const razorpay: ProviderRow = {
  key: 'razorpay',
  name: 'Razorpay',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-razorpay-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-razorpay-event-id'],
  type: ['json:event'],
  order: ['json:payload.payment.entity.order_id', 'json:payload.payment.entity.id'],
  content: ['json'],
  ack: { timeoutSeconds: 5, retries: '24 h exponential', verified: false },
  level: 'sdk',
  sources: [
    'razorpay/razorpay-node lib/utils/razorpay-utils.js and its test',
    'ten public implementations, for the header of the id',
  ],
  setUp: 'Settings → Webhooks: the Secret that you type there.',
  notes: 'The event’s id is a header that nobody signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'payment.captured': ({ now }) => ({
      entity: 'event',
      account_id: 'acc_sample',
      event: 'payment.captured',
      contains: ['payment'],
      payload: {
        payment: {
          entity: {
            id: 'pay_sample',
            amount: 6_400,
            currency: 'INR',
            status: 'captured',
            order_id: 'order_sample',
          },
        },
      },
      created_at: Math.floor(now / 1000),
    }),
  },
}
