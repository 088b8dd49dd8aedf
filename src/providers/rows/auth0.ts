import type { ProviderRow } from '../row.ts'

export const auth0: ProviderRow = {
  key: 'auth0',
  name: 'Auth0 log streams',
  category: 'auth',
  schemes: [{ kind: 'token', at: 'header:authorization', secret: { from: 'utf8' } }],
  id: [],
  type: [],
  order: [],
  batch: {
    at: '$',
    id: ['json:log_id'],
    type: ['json:data.type'],
    order: ['json:data.user_id', 'json:data.client_id'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills auth0 verification.md'],
  setUp: 'Monitoring → Streams → Custom webhook: the Authorization token that you type there.',
  notes:
    'Nothing is signed. The header is compared whole, without an implied `Bearer`. A ' +
    'request carries several log entries.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    s: ({ eventId, now }) => [
      {
        log_id: eventId,
        data: {
          date: new Date(now).toISOString(),
          type: 's',
          client_id: 'AaiyAPdpYdesoKnqjj8HJqRn4T5titww',
          ip: '192.0.2.7',
          user_id: 'auth0|sample',
        },
      },
    ],
  },
}
