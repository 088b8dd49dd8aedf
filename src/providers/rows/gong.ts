import type { ProviderRow } from '../row.ts'

export const gong: ProviderRow = {
  key: 'gong',
  name: 'Gong',
  category: 'crm',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:authorization',
      prefix: 'Bearer ',
      isPrefixOptional: true,
      algorithms: ['RS256'],
      secret: { from: 'utf8' },
      bodyClaim: { name: 'body_sha256', hash: { hash: 'sha256', encoding: 'hex' } },
      urlClaim: { name: 'webhook_url' },
    },
  ],
  id: ['json:callData.metaData.id'],
  type: [],
  order: ['json:callData.metaData.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim gong.ts'],
  setUp: 'Company settings → Automation rules → Webhook: the public key, as PEM.',
  notes: 'A JWT with a hash of the body and the URL. INLET_URL must be what Gong was given.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    unknown: ({ eventId, now }) => ({
      callData: {
        metaData: {
          id: eventId,
          title: 'Berth 12',
          started: new Date(now).toISOString(),
          duration: 340,
          system: 'Zoom',
        },
      },
      isTest: false,
      isPrivate: false,
    }),
  },
}
