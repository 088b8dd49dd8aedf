import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const fathom: ProviderRow = {
  key: 'fathom',
  name: 'Fathom',
  category: 'ai',
  schemes: [standardScheme('webhook')],
  id: [],
  type: [],
  order: ['json:recording_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango fathom-webhook-routing.ts'],
  setUp: 'Returned as `secret` when the webhook is created.',
  notes: 'Standard Webhooks. The body is the meeting and names no type.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    unknown: ({ now }) => ({
      title: 'Harbour council',
      recording_id: 123_456_789,
      created_at: new Date(now).toISOString(),
      share_url: 'https://fathom.example.com/share/sample',
    }),
  },
}
