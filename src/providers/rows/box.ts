import type { ProviderRow } from '../row.ts'

export const box: ProviderRow = {
  key: 'box',
  name: 'Box v2',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:box-signature-primary', format: 'raw' },
        { at: 'header:box-signature-secondary', format: 'raw' },
      ],
      encoding: 'base64',
      signed: '{body}{ts}',
      timestamp: {
        from: 'header:box-delivery-timestamp',
        unit: 'iso',
        toleranceSeconds: 600,
        official: true,
      },
      requireHeaders: { 'box-signature-version': '1', 'box-signature-algorithm': 'HmacSHA256' },
      paired: true,
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id', 'header:box-delivery-id'],
  type: ['json:trigger'],
  order: ['json:source.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['box/box-node-sdk src/managers/webhooks.ts + 4 vectors'],
  setUp:
    'Dev Console → the app → Webhooks: the primary and the secondary signature key, in this order.',
  notes:
    'The first secret verifies the primary header, the second the secondary one, never ' +
    'crosswise. Body, then time. Box escapes non-ASCII characters and slashes.',
  notSigned: 'Delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'FILE.UPLOADED': ({ eventId, now }) => ({
      type: 'webhook_event',
      id: eventId,
      created_at: new Date(now).toISOString(),
      trigger: 'FILE.UPLOADED',
      webhook: { id: '386', type: 'webhook' },
      source: { id: '73835521473', type: 'file', name: 'tides.pdf' },
    }),
  },
}
