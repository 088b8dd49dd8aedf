import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const loops: ProviderRow = {
  key: 'loops',
  name: 'Loops',
  category: 'email',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:eventName'],
  order: ['json:contactIdentity.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/loops.ts'],
  setUp: 'Settings → Webhooks: Signing secret.',
  notes: 'Standard Webhooks. The type stands in eventName.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'email.delivered': ({ now }) => ({
      eventName: 'email.delivered',
      eventTime: Math.floor(now / 1000),
      webhookSchemaVersion: '1.0.0',
      contactIdentity: { id: 'ct_sample', email: 'mara@example.com' },
    }),
  },
}
