import type { ProviderRow } from '../row.ts'

export const adyenPlatform: ProviderRow = {
  key: 'adyen_platform',
  name: 'Adyen banking / management / platform webhooks',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:hmacsignature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'hex' },
    },
  ],
  id: [
    ['json:type', 'json:data.id', 'json:data.sequenceNumber'],
    ['json:type', 'json:data.id', 'json:timestamp'],
  ],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: 10, retries: 'unknown', verified: true },
  level: 'sdk',
  sources: [
    'Adyen/adyen-node-api-library validateHMACSignature + accountHolderCreated.json vector',
  ],
  setUp: 'Developers → Webhooks → the webhook: HMAC key (hex).',
  notes:
    'The whole body is signed, with a key in hex and a signature in base64. data.id names ' +
    'the object, so its type is part of the event’s id, and the number of the update: a ' +
    'transfer is updated several times in the second that its time counts. Where there is ' +
    'no number, the time.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'balancePlatform.accountHolder.created': ({ eventId, now }) => ({
      data: { balancePlatform: 'HarbourPlatform', id: eventId, status: 'active' },
      environment: 'test',
      timestamp: new Date(now).toISOString(),
      type: 'balancePlatform.accountHolder.created',
    }),
  },
}
