import type { ProviderRow } from '../row.ts'

export const messagebird: ProviderRow = {
  key: 'messagebird',
  name: 'MessageBird / Bird (JWT)',
  category: 'comms',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:messagebird-signature-jwt',
      algorithms: ['HS256', 'HS384', 'HS512'],
      secret: { from: 'utf8' },
      claims: { equals: { iss: 'MessageBird' }, required: ['exp', 'nbf', 'jti'], skewSeconds: 5 },
      bodyClaim: {
        name: 'payload_hash',
        hash: { hash: 'sha256', encoding: 'hex' },
        presence: 'whereBody',
      },
      urlClaim: { name: 'url_hash', hash: { hash: 'sha256', encoding: 'hex' } },
    },
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:messagebird-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{ts}\n{sortedQuery}\n{sha256:body}',
      timestamp: {
        from: 'header:messagebird-request-timestamp',
        unit: 's',
        toleranceSeconds: 100,
        official: true,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['proof:jti'],
  type: ['json:type'],
  order: ['json:message.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: [
    'messagebird/messagebird-nodejs lib/webhook-signature-jwt.js, signature.js',
    'messagebird/php-rest-api tests/Unit/Data/webhooksignature.json (44 vectors)',
  ],
  setUp: 'Developers → API settings: Signing key.',
  notes:
    'A JWT with hashes of URL and body. INLET_URL must be what MessageBird was given. The ' +
    'older Messagebird-Signature is taken where no JWT comes.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'message.created': () => ({
      type: 'message.created',
      message: { id: 'msg_sample', status: 'received', content: { text: 'Is the slipway free?' } },
    }),
  },
}
