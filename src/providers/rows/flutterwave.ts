import type { ProviderRow } from '../row.ts'

export const flutterwave: ProviderRow = {
  key: 'flutterwave',
  name: 'Flutterwave v4',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:flutterwave-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
    { kind: 'token', at: 'header:verif-hash', secret: { from: 'utf8' } },
  ],
  id: ['json:id', ['json:event', 'json:data.id']],
  type: ['json:type', 'json:event'],
  order: ['json:data.reference', 'json:data.tx_ref', 'json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Settings → Webhooks: the Secret hash that you type there.',
  notes:
    'v4 signs; v3 sends the secret hash itself in verif-hash. One secret serves both, and ' +
    'a signature decides alone where it is present. In v3 bodies data.id names the ' +
    'transaction, so the event name is part of the id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'charge.completed': ({ eventId, now }) => ({
      id: eventId,
      timestamp: now,
      type: 'charge.completed',
      data: {
        id: 'chg_sample',
        amount: 64,
        currency: 'NGN',
        reference: 'A-20711',
        status: 'succeeded',
        customer: { id: 'cus_sample', email: 'mara@example.com' },
      },
    }),
  },
}
