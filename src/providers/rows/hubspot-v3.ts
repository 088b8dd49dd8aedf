import type { ProviderRow } from '../row.ts'

export const hubspotV3: ProviderRow = {
  key: 'hubspot_v3',
  name: 'HubSpot v3',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hubspot-signature-v3', format: 'raw' }],
      encoding: 'base64',
      signed: '{method}{url}{body}{ts}',
      timestamp: {
        from: 'header:x-hubspot-request-timestamp',
        unit: 'ms',
        toleranceSeconds: 300,
        official: true,
      },
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
  ack: { timeoutSeconds: 5, retries: '10 over 24 h', verified: false },
  level: 'sdk',
  sources: ['HubSpot/hubspot-api-nodejs src/utils/signature.ts', 'hookdeck/webhook-skills hubspot'],
  setUp: 'The app → Auth: Client secret.',
  notes:
    'Method, URL, body and time are joined. INLET_URL must be what HubSpot was given. A ' +
    'request carries several events. HubSpot does not promise that eventId is unique.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
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
        changeSource: 'CRM',
        changeFlag: 'NEW',
      },
    ],
  },
}
