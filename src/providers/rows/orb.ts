import type { ProviderRow } from '../row.ts'

export const orb: ProviderRow = {
  key: 'orb',
  name: 'Orb',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-orb-signature', format: 'prefix', prefix: 'v1=' }],
      encoding: 'hex',
      signed: 'v1:{ts}:{body}',
      timestamp: {
        from: 'header:x-orb-timestamp',
        unit: 'iso',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:customer.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills orb verification.md'],
  setUp: 'Webhooks → the endpoint: Signing secret.',
  notes: 'The time is ISO 8601 and signed as it is written.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'invoice.issued': ({ eventId, now }) => ({
      id: eventId,
      type: 'invoice.issued',
      created_at: new Date(now).toISOString(),
      invoice: { id: 'inv_sample', total: '64.00', currency: 'EUR' },
      customer: { id: 'cus_sample' },
    }),
  },
}
