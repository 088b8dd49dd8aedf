import type { ProviderRow } from '../row.ts'

export const netlify: ProviderRow = {
  key: 'netlify',
  name: 'Netlify',
  category: 'devops',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:x-webhook-signature',
      algorithms: ['HS256'],
      secret: { from: 'utf8' },
      claims: { equals: { iss: 'netlify' } },
      bodyClaim: { name: 'sha256', hash: { hash: 'sha256', encoding: 'hex' } },
    },
  ],
  id: [
    ['json:id', 'json:state', 'json:updated_at'],
    ['json:id', 'json:state'],
  ],
  type: ['json:state'],
  order: ['json:site_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators netlify.ts + utils/jwt.ts'],
  setUp: 'The notification’s “JWS secret token” that you type.',
  notes:
    'A JWT that carries a hash of the body; it has no expiry. The id in the body names ' +
    'the deploy, so its state is part of the event’s id, and when it changed: one that is ' +
    'locked stays `ready`.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    ready: ({ eventId, now }) => ({
      id: eventId,
      site_id: '3b1c2f7a',
      state: 'ready',
      name: 'tide-tables',
      url: 'https://tide-tables.example.com',
      branch: 'main',
      created_at: new Date(now).toISOString(),
      updated_at: new Date(now).toISOString(),
    }),
  },
}
