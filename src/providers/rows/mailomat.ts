import type { ProviderRow } from '../row.ts'

export const mailomat: ProviderRow = {
  key: 'mailomat',
  name: 'Mailomat',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'fromSignature',
      signatures: [
        {
          at: 'header:x-mom-webhook-signature',
          format: 'algorithm',
          separator: '=',
          allow: ['sha256', 'sha384', 'sha512'],
        },
      ],
      encoding: 'hex',
      signed: '{id}.{header:x-mom-webhook-event}.{ts}',
      idHeader: 'x-mom-webhook-id',
      timestamp: {
        from: 'header:x-mom-webhook-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['header:x-mom-webhook-event'],
  order: ['json:messageId'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['symfony MailomatRequestParser + vector'],
  setUp: 'The webhook’s page: Secret.',
  notes:
    'Id, event name and time are signed; the body is not. The header names the hash, and ' +
    'only SHA-256, SHA-384 and SHA-512 are taken.',
  notSigned:
    'The body: whoever has captured one delivery can send another body with its proof ' +
    'until that expires.',
  samples: {
    delivered: ({ eventId, now }) => ({
      id: eventId,
      eventType: 'delivered',
      occurredAt: new Date(now).toISOString(),
      messageId: 'sample@example.com',
      recipient: 'mara@example.com',
    }),
  },
}
