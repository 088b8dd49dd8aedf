import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const gemini: ProviderRow = {
  key: 'gemini',
  name: 'Google Gemini API (static webhooks)',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills gemini-webhooks/references/verification.md'],
  setUp: 'The secret is returned when a static webhook is created with the API.',
  notes:
    'Standard Webhooks, for static webhooks. The dynamic ones that a single request may ' +
    'ask for carry a JWT in the same header instead: they are refused.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'batch.succeeded': ({ now }) => ({
      type: 'batch.succeeded',
      version: 'v1',
      timestamp: new Date(now).toISOString(),
      data: { id: 'batches/sample-88' },
    }),
  },
}
