import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const folk: ProviderRow = {
  key: 'folk',
  name: 'folk CRM',
  category: 'crm',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango folk-webhook-routing.ts'],
  setUp: 'Settings → Webhooks → the webhook: Signing secret.',
  notes: 'Standard Webhooks.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'person.created': ({ now }) => ({
      type: 'person.created',
      createdAt: new Date(now).toISOString(),
      data: { id: 'per_sample_7d', url: 'https://api.example.com/v1/people/per_sample_7d' },
    }),
  },
}
