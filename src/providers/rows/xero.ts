import type { ProviderRow } from '../row.ts'

export const xero: ProviderRow = {
  key: 'xero',
  name: 'Xero',
  category: 'finance',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-xero-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:firstEventSequence', 'json:lastEventSequence', 'json:entropy']],
  type: [],
  order: [],
  batch: {
    at: 'events',
    id: [],
    type: [['json:eventCategory', 'json:eventType']],
    order: ['json:tenantId', 'json:resourceId'],
  },
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries: 'with growing gaps for 24 h; then the webhook is disabled',
    verified: true,
    taken: [{ respond: { status: 200 } }],
    refused: 401,
  },
  level: 'docs',
  sources: [
    'developer.xero.com documentation/webhooks/configuring-your-server',
    'NangoHQ/nango xero-webhook-routing.ts',
  ],
  setUp:
    'Developer portal → the app → Webhooks: Webhooks key. It looks like base64 and is ' +
    'used as it is displayed.',
  notes:
    'Xero sends right and wrong signatures and wants 200 and 401, both without a body. A ' +
    'request carries several events, without ids.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'CONTACT.UPDATE': ({ now }) => ({
      events: [
        {
          resourceUrl: 'https://api.example.com/Contacts/717f2bfc',
          resourceId: '717f2bfc',
          eventDateUtc: new Date(now).toISOString(),
          eventType: 'UPDATE',
          eventCategory: 'CONTACT',
          tenantId: 'c2cc9b6e',
          tenantType: 'ORGANISATION',
        },
      ],
      firstEventSequence: 1,
      lastEventSequence: 1,
      entropy: 'S0m3r4Nd0mt3xt',
    }),
  },
}
