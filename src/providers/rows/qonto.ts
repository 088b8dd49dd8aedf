import type { ProviderRow } from '../row.ts'

export const qonto: ProviderRow = {
  key: 'qonto',
  name: 'Qonto',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-qonto-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: 1, retries: 'unknown', verified: true },
  level: 'docs',
  sources: ['docs.qonto.com webhooks overview/troubleshooting'],
  setUp: 'Returned when the webhook subscription is created.',
  notes: 'Qonto waits one second, less than any other provider here.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'v1/transactions.updated': ({ eventId, now }) => ({
      id: eventId,
      type: 'v1/transactions.updated',
      created_at: new Date(now).toISOString(),
      data: { id: 'txn_sample', amount: 64, currency: 'EUR', side: 'credit' },
    }),
  },
}
