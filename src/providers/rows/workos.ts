import type { ProviderRow } from '../row.ts'

export const workos: ProviderRow = {
  key: 'workos',
  name: 'WorkOS',
  category: 'auth',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:workos-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 'ms', toleranceSeconds: 180, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:event'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['workos/workos-node src/common/crypto/signature-provider.ts'],
  setUp: 'Dashboard → Webhooks → the endpoint: Signing secret.',
  notes:
    'The time counts milliseconds; the header has a blank after its comma. The window of ' +
    '180 s is WorkOS’s own.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'user.created': ({ eventId, now }) => ({
      id: eventId,
      event: 'user.created',
      created_at: new Date(now).toISOString(),
      data: { object: 'user', id: 'user_01SAMPLE', email: 'mara@example.com' },
    }),
  },
}
