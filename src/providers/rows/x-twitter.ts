import type { ProviderRow } from '../row.ts'

export const xTwitter: ProviderRow = {
  key: 'x_twitter',
  name: 'X (Account Activity / v2 webhooks)',
  category: 'social',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:x-twitter-webhooks-signature', format: 'prefix', prefix: 'sha256=' },
      ],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['jsonKey:*_events'],
  order: ['json:for_user_id'],
  content: ['json'],
  handshakes: [
    {
      name: 'challenge-response check',
      when: { method: 'GET', present: ['query:crc_token'] },
      respond: { status: 200, json: { response_token: 'sha256={hmacBase64:query:crc_token}' } },
    },
  ],
  ack: {
    timeoutSeconds: 10,
    retries: 'CRC at creation, hourly, and every 30 min until validated; invalid after 28 h',
    verified: true,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'docs',
  sources: [
    'xdevplatform/docs x-api/webhooks/introduction.mdx, quickstart.mdx',
    'frain-dev/convoy internal/pkg/crc (vector)',
    'twitterdev/account-activity-dashboard',
  ],
  setUp: 'Developer Portal → the app → Keys and tokens: API key secret (consumer secret).',
  notes:
    'The consumer secret signs bodies and answers the hourly challenge. The type is the ' +
    'one field that ends in _events.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    tweet_create_events: ({ now }) => ({
      for_user_id: '2244994945',
      tweet_create_events: [
        {
          id_str: '1843',
          created_at: new Date(now).toISOString(),
          text: 'Is the slipway free?',
          user: { id_str: '6253282' },
        },
      ],
    }),
  },
}
