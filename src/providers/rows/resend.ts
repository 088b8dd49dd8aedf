import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const resend: ProviderRow = {
  key: 'resend',
  name: 'Resend',
  category: 'email',
  schemes: [standardScheme('svix')],
  id: [],
  type: ['json:type'],
  order: ['json:data.email_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['symfony ResendRequestParser + fixture vector; resend/resend-node'],
  setUp: 'Resend → Webhooks → the webhook: Signing secret (whsec_…).',
  notes:
    'Sent by Svix. One email has many events; the id of the message is the partition key, ' +
    'so that they stay in order.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'email.delivered': ({ now }) => ({
      type: 'email.delivered',
      created_at: new Date(now).toISOString(),
      data: {
        email_id: '8b2f6a0e-5f0c-4b0f-9d3a-0c6b1a7e2d41',
        from: 'Harbour <desk@example.com>',
        to: ['mara@example.com'],
        subject: 'Your berth is ready',
      },
    }),
  },
}
