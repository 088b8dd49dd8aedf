import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const granola: ProviderRow = {
  key: 'granola',
  name: 'Granola',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:type'],
  order: [],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/granola.ts'],
  setUp: 'Shown when the webhook is created.',
  notes: 'Standard Webhooks.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'note.created': ({ now }) => ({
      type: 'note.created',
      timestamp: new Date(now).toISOString(),
      data: { id: 'not_sample_19', title: 'Harbour council' },
    }),
  },
}
