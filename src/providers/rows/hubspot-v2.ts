import type { ProviderRow } from '../row.ts'

export const hubspotV2: ProviderRow = {
  key: 'hubspot_v2',
  name: 'HubSpot v2',
  category: 'crm',
  schemes: [
    {
      kind: 'digest',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hubspot-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{secret}{method}{url}{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['HubSpot/hubspot-api-nodejs signature.ts + 2 vectors'],
  setUp: 'The app → Auth: Client secret.',
  notes:
    'A plain SHA-256 that starts with the secret, which a sender who has seen one ' +
    'signature can extend; v3 is an HMAC. The version is the source’s choice and never ' +
    'the header’s.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: { unknown: () => ({ workflowId: 4, objectId: 123 }) },
}
