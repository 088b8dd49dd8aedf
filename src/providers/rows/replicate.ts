import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const replicate: ProviderRow = {
  key: 'replicate',
  name: 'Replicate',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:status'],
  order: ['json:id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills replicate-webhooks'],
  setUp: 'GET /v1/webhooks/default/secret of the API, or Account settings, Webhooks.',
  notes: 'Standard Webhooks. The body is the prediction, and its status is the type.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    succeeded: ({ now }) => ({
      id: 'pred_sample_4kq2',
      model: 'harbour/tide-forecast',
      version: 'f6b1',
      status: 'succeeded',
      output: ['https://files.example.com/tides.png'],
      created_at: new Date(now).toISOString(),
    }),
  },
}
