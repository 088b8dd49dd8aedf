import type { ProviderRow } from '../row.ts'

export const mollie: ProviderRow = {
  key: 'mollie',
  name: 'Mollie (next-gen webhooks)',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-mollie-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:entityId'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['mollie/mollie-api-php src/Webhooks/SignatureValidator.php'],
  setUp: 'Developers → Webhooks: Signing secret.',
  notes:
    'The next-generation webhooks. The classic ones are unsigned forms with one field, ' +
    '`id`; they are refused here.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'payment-link.paid': ({ eventId, now }) => ({
      resource: 'event',
      id: eventId,
      type: 'payment-link.paid',
      entityId: 'pl_sample',
      createdAt: new Date(now).toISOString(),
    }),
  },
}
