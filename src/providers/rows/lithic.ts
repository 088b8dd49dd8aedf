import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const lithic: ProviderRow = {
  key: 'lithic',
  name: 'Lithic',
  category: 'payments',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:event_type'],
  order: ['json:card_token', 'json:token'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['lithic-com/lithic-node (standardwebhooks)'],
  setUp: 'GET /v1/event_subscriptions/<token>/secret, or the subscription’s page in the dashboard.',
  notes: 'Standard Webhooks. The type stands in event_type.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'card.created': () => ({
      event_type: 'card.created',
      card_token: 'b68b7424-aa69-4cbc-a946-30d90181b621',
      replacement_for: null,
    }),
  },
}
