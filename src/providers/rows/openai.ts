import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const openai: ProviderRow = {
  key: 'openai',
  name: 'OpenAI',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['openai/openai-node src/lib/webhook-signature.ts'],
  setUp:
    'Settings → Project → Webhooks. The signing secret (whsec_…) is shown once, when the ' +
    'endpoint is created.',
  notes:
    'Standard Webhooks. The body repeats an id of its own (evt_…); the signed webhook-id ' +
    'is the one that counts.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'response.completed': ({ now }) => ({
      id: 'evt_sample',
      object: 'event',
      created_at: Math.floor(now / 1000),
      type: 'response.completed',
      data: { id: 'resp_sample_7c1f' },
    }),
  },
}
