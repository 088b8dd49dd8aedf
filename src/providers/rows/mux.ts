import type { ProviderRow } from '../row.ts'

export const mux: ProviderRow = {
  key: 'mux',
  name: 'Mux',
  category: 'media',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:mux-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:object.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['muxinc/mux-node-sdk src/resources/webhooks/webhooks.ts'],
  setUp: 'Settings → Webhooks: Signing secret.',
  notes: 'As Stripe’s header, under its own name.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'video.asset.ready': ({ eventId, now }) => ({
      type: 'video.asset.ready',
      id: eventId,
      created_at: new Date(now).toISOString(),
      object: { type: 'asset', id: 'asset_sample' },
      environment: { name: 'Production', id: 'env_sample' },
      data: { id: 'asset_sample', status: 'ready', duration: 23.8 },
      attempts: [],
    }),
  },
}
