import type { ProviderRow } from '../row.ts'

export const vonage: ProviderRow = {
  key: 'vonage',
  name: 'Vonage (signed webhooks)',
  category: 'comms',
  setUp: 'API Dashboard → Settings → API settings: the signature secret, method HMAC SHA-256.',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:authorization',
      prefix: 'Bearer ',
      algorithms: ['HS256'],
      secret: { from: 'utf8' },
      claims: { issuedWithinSeconds: 300 },
      bodyClaim: {
        name: 'payload_hash',
        hash: { hash: 'sha256', encoding: 'hex' },
        presence: 'whereBody',
      },
    },
  ],
  id: [
    ['json:message_uuid', 'json:status'],
    'json:message_uuid',
    ['json:uuid', 'json:status', 'json:timestamp'],
  ],
  type: ['json:status', 'json:message_type'],
  order: ['json:message_uuid', 'json:uuid'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['Vonage/vonage-node-sdk packages/jwt', 'symfony VonageRequestParser'],
  notes:
    'A token without payload_hash would be good for any body, and is refused. The sig ' +
    'parameter of the older SMS API is not taken: its default method is MD5.',
  notSigned: 'Headers and the URL.',
  samples: {
    delivered: ({ eventId, now }) => ({
      message_uuid: eventId,
      to: '14155550101',
      from: '14155550100',
      timestamp: new Date(now).toISOString(),
      status: 'delivered',
      channel: 'sms',
    }),
  },
}
