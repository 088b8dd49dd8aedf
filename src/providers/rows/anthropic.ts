import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const anthropic: ProviderRow = {
  key: 'anthropic',
  name: 'Anthropic (Claude Managed Agents)',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:data.type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: [
    'anthropics/anthropic-sdk-typescript src/resources/beta/webhooks.ts (uses standardwebhooks); hookdeck/webhook-skills claude-managed-agents',
  ],
  setUp: 'Claude Console → Webhooks. The secret (whsec_…) is shown when the endpoint is created.',
  notes:
    'Standard Webhooks. The outer type is always `event`; the one that tells events apart ' +
    'is data.type.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'session.status_idled': ({ now }) => ({
      type: 'event',
      id: 'event_sample',
      created_at: new Date(now).toISOString(),
      data: { type: 'session.status_idled', id: 'sesn_sample_41' },
    }),
  },
}
