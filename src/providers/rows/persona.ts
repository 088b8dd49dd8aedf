import type { ProviderRow } from '../row.ts'

export const persona: ProviderRow = {
  key: 'persona',
  name: 'Persona',
  category: 'auth',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:persona-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:data.id'],
  type: ['json:data.attributes.name'],
  order: ['json:data.attributes.payload.data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['three public implementations that agree'],
  setUp: 'Dashboard → Webhooks → the endpoint: Webhook secret.',
  notes:
    'While a secret is rotated two groups stand in the header, with a blank between; that ' +
    'is from memory.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'inquiry.completed': ({ eventId, now }) => ({
      data: {
        type: 'event',
        id: eventId,
        attributes: {
          name: 'inquiry.completed',
          'created-at': new Date(now).toISOString(),
          payload: {
            data: { type: 'inquiry', id: 'inq_sample', attributes: { status: 'completed' } },
          },
        },
      },
    }),
  },
}
