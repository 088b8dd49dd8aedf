import type { ProviderRow } from '../row.ts'

export const rootly: ProviderRow = {
  key: 'rootly',
  name: 'Rootly',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-rootly-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event.id'],
  type: ['json:event.type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/rootly.ts'],
  setUp: 'Configuration → Webhooks → the endpoint: Secret.',
  notes: 'Looks like Stripe’s header, but time and body are joined without a dot.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'incident.created': ({ eventId, now }) => ({
      event: { id: eventId, type: 'incident.created', issued_at: new Date(now).toISOString() },
      data: { id: 'inc_sample', title: 'Pump 3 stalls', status: 'started' },
    }),
  },
}
