import type { ProviderRow } from '../row.ts'

export const chargify: ProviderRow = {
  key: 'chargify',
  name: 'Maxio / Chargify',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-chargify-webhook-signature-hmac-sha-256', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id', 'header:x-chargify-webhook-id'],
  type: ['json:event'],
  order: ['json:payload[subscription][id]'],
  content: ['form'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Settings → Webhooks: Shared key.',
  notes:
    'The body is a form with nested names. The MD5 signature that is sent as well is ' +
    'never looked at.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    payment_success: ({ eventId }) => ({
      id: eventId,
      event: 'payment_success',
      'payload[subscription][id]': '20711',
      'payload[subscription][state]': 'active',
    }),
  },
}
