import type { ProviderRow } from '../row.ts'

export const sanity: ProviderRow = {
  key: 'sanity',
  name: 'Sanity',
  category: 'cms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:sanity-webhook-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'base64url',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 'ms', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:idempotency-key'],
  type: ['header:sanity-operation'],
  order: ['header:sanity-document-id', 'json:_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['sanity-io/webhook-toolkit src/signature.ts + vector'],
  setUp: 'API → Webhooks → the webhook: the Secret that you type there.',
  notes:
    'The time counts milliseconds, and the signature is base64url without padding. The ' +
    'idempotency key is a header that nobody signs.',
  notSigned:
    'Delivery id, event type and partition key: whoever has captured a delivery can send ' +
    'it again under another id or type.',
  samples: {
    create: ({ now }) => ({
      _id: 'tide-2026-03',
      _type: 'tideTable',
      _rev: 'v1',
      _createdAt: new Date(now).toISOString(),
      title: 'March',
    }),
  },
}
