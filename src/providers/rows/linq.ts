import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const linq: ProviderRow = {
  key: 'linq',
  name: 'Linq',
  category: 'comms',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:event_type'],
  order: ['json:data.chat.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/linq.ts'],
  setUp: 'Returned as the signing secret when the webhook subscription is created.',
  notes: 'Standard Webhooks. The type stands in event_type.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'message.received': ({ now }) => ({
      event_type: 'message.received',
      created_at: new Date(now).toISOString(),
      data: {
        id: 'msg_sample_5',
        chat: { id: 'chat_sample_2' },
        parts: [{ type: 'text', value: 'Is the slipway free?' }],
      },
    }),
  },
}
