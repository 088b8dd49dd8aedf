import type { ProviderRow } from '../row.ts'

export const customerIo: ProviderRow = {
  key: 'customer_io',
  name: 'Customer.io reporting webhooks',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-cio-signature', format: 'raw' }],
      encoding: 'hex',
      signed: 'v0:{ts}:{body}',
      timestamp: {
        from: 'header:x-cio-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: [['json:object_type', 'json:metric']],
  order: ['json:data.identifiers.id'],
  content: ['json'],
  ack: { timeoutSeconds: 4, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['five public implementations that agree'],
  setUp: 'Integrations → Reporting webhooks: Webhook signing key.',
  notes: 'Signed text as Slack’s, but the header has no v0= before the signature.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'email.delivered': ({ eventId, now }) => ({
      data: {
        action_id: 42,
        customer_id: '0200102',
        identifiers: { id: '0200102', email: 'mara@example.com' },
        recipient: 'mara@example.com',
      },
      event_id: eventId,
      object_type: 'email',
      metric: 'delivered',
      timestamp: Math.floor(now / 1000),
    }),
  },
}
