import type { ProviderRow } from '../row.ts'

export const highlevel: ProviderRow = {
  key: 'highlevel',
  name: 'HighLevel',
  category: 'crm',
  schemes: [
    {
      kind: 'ed25519',
      signatures: [{ at: 'header:x-ghl-signature', format: 'raw' }],
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
  sources: [
    'marketplace.gohighlevel.com: WebhookIntegrationGuide, as public receivers quote it',
    'NangoHQ/nango highlevel-webhook-routing.ts',
  ],
  setUp: 'HighLevel’s Ed25519 public key, in its webhook documentation: it is the same for all.',
  notes:
    'Ed25519 over the whole body. The RSA signature in x-wh-signature, which HighLevel gave up ' +
    'in 2026, is not looked at.',
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
