import type { ProviderRow } from '../row.ts'

export const highlevel: ProviderRow = {
  key: 'highlevel',
  name: 'HighLevel',
  category: 'crm',
  schemes: [
    {
      kind: 'rsa',
      hash: 'sha256',
      signatures: [{ at: 'header:x-wh-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      key: { from: 'secret', form: 'spki' },
    },
  ],
  id: ['json:webhookId'],
  type: ['json:type'],
  order: ['json:id', 'json:locationId'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango highlevel-webhook-routing.ts'],
  setUp: 'HighLevel’s public key, in its webhook documentation: it is the same for all.',
  notes: 'RSA over the whole body.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    ContactCreate: ({ eventId, now }) => ({
      type: 'ContactCreate',
      timestamp: new Date(now).toISOString(),
      webhookId: eventId,
      locationId: 've9EPM428h8vShlRW1KT',
      id: 'nmFmQEsNgz6AVpgLVUJ0',
      firstName: 'Mara',
      lastName: 'Ilves',
    }),
  },
}
