import type { ProviderRow } from '../row.ts'

export const tiktok: ProviderRow = {
  key: 'tiktok',
  name: 'TikTok',
  category: 'social',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:tiktok-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 's',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:user_openid', 'json:create_time']],
  type: ['json:event'],
  order: ['json:user_openid'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim tiktok.ts', 'ngrok docs'],
  setUp: 'Developer portal → the app: Client secret.',
  notes:
    '`content` is JSON within a string, and stays one. The body has no event id: event, ' +
    'user and time together are one.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'authorization.removed': ({ eventId, now }) => ({
      client_key: 'bwo2m45353a6k85',
      event: 'authorization.removed',
      create_time: Math.floor(now / 1000),
      user_openid: eventId,
      content: '{"reason": 1}',
    }),
  },
}
