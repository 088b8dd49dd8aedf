import type { ProviderRow } from '../row.ts'

export const nmi: ProviderRow = {
  key: 'nmi',
  name: 'NMI subscriptions',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: ['json:event_type'],
  order: ['json:event_body.transaction_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'search',
  sources: ['docs.nmi.com/reference/subscriptions'],
  setUp: 'Settings → Webhooks: Signing key.',
  notes: 'Read in an excerpt of the documentation only. The header is called just `Signature`.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'transaction.sale.success': ({ eventId }) => ({
      event_id: eventId,
      event_type: 'transaction.sale.success',
      event_body: { transaction_id: '9154872213', requested_amount: '64.00', currency: 'EUR' },
    }),
  },
}
