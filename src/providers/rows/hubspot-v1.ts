import type { ProviderRow } from '../row.ts'

export const hubspotV1: ProviderRow = {
  key: 'hubspot_v1',
  name: 'HubSpot v1',
  category: 'crm',
  schemes: [
    {
      kind: 'digest',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hubspot-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{secret}{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: '$',
    id: [['json:eventId', 'json:subscriptionId', 'json:objectId', 'json:occurredAt']],
    type: ['json:subscriptionType'],
    order: ['json:objectId'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['HubSpot/hubspot-api-nodejs signature.ts + vector'],
  setUp: 'The app → Auth: Client secret.',
  notes:
    'A plain SHA-256 of secret and body; a sender who has seen one signature can append ' +
    'to the body. Prefer v3. The version is the source’s choice and never the header’s.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'contact.creation': ({ eventId, now }) => [
      {
        eventId: eventId,
        subscriptionId: 5,
        portalId: 62_515,
        appId: 1_160_452,
        occurredAt: now,
        subscriptionType: 'contact.creation',
        attemptNumber: 0,
        objectId: 123,
      },
    ],
  },
}
