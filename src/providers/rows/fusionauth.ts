import type { ProviderRow } from '../row.ts'

export const fusionauth: ProviderRow = {
  key: 'fusionauth',
  name: 'FusionAuth',
  category: 'auth',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:x-fusionauth-signature-jwt',
      algorithms: ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'],
      secret: { from: 'utf8' },
      bodyClaim: { name: 'request_body_sha256', hash: { hash: 'sha256', encoding: 'base64' } },
    },
  ],
  id: ['json:event.id'],
  type: ['json:event.type'],
  order: ['json:event.user.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills fusionauth'],
  setUp:
    'Tenant → Webhooks → Security: the signing key; of an asymmetric one the public key, as PEM.',
  notes:
    'A JWT with a hash of the body. One family of algorithms per key: a key that verifies ' +
    'an HMAC never verifies anything else.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'user.create': ({ eventId, now }) => ({
      event: {
        id: eventId,
        type: 'user.create',
        createInstant: now,
        tenantId: '30663132',
        user: { id: 'usr_sample', email: 'mara@example.com', active: true },
      },
    }),
  },
}
