import type { ProviderRow } from '../row.ts'

export const checkoutCom: ProviderRow = {
  key: 'checkout_com',
  name: 'Checkout.com',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:cko-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: '8 over ~30 h', verified: true },
  level: 'repo',
  sources: ['hookdeck/webhook-skills checkout-com verification.md (quotes docs)'],
  setUp: 'Developers → Webhooks → the workflow’s webhook: Signature key.',
  notes: 'No time is signed. The static Authorization header that can be added is not looked at.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    payment_approved: ({ eventId, now }) => ({
      id: eventId,
      type: 'payment_approved',
      created_on: new Date(now).toISOString(),
      data: { id: 'pay_sample', amount: 6_400, currency: 'EUR', reference: 'A-20711' },
    }),
  },
}
