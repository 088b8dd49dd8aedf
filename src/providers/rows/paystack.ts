import type { ProviderRow } from '../row.ts'

export const paystack: ProviderRow = {
  key: 'paystack',
  name: 'Paystack',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha512',
      signatures: [{ at: 'header:x-paystack-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:data.id']],
  type: ['json:event'],
  order: ['json:data.reference', 'json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['ten public implementations that agree'],
  setUp: 'Settings → API keys: the secret key itself signs.',
  notes:
    'HMAC-SHA512 with the API secret key. The body has no event id: event and object id ' +
    'together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'charge.success': ({ eventId }) => ({
      event: 'charge.success',
      data: {
        id: eventId,
        domain: 'test',
        status: 'success',
        reference: 'qTPrJoy9Bx',
        amount: 640_000,
        currency: 'NGN',
        customer: { id: 84_312, email: 'mara@example.com' },
      },
    }),
  },
}
