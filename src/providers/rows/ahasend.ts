import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const ahasend: ProviderRow = {
  key: 'ahasend',
  name: 'AhaSend',
  category: 'email',
  schemes: [{ ...standardScheme('webhook'), secret: { from: 'utf8' } }],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['tests of a public mail webhook library'],
  setUp: 'The webhook’s page: Secret. Keep its prefix, it is part of the key.',
  notes:
    'Looks like Standard Webhooks, but the key is the secret as it is displayed, prefix and all.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'message.delivered': ({ now }) => ({
      type: 'message.delivered',
      timestamp: new Date(now).toISOString(),
      data: {
        id: 'msg_sample_90',
        from: 'desk@example.com',
        recipient: 'mara@example.com',
        subject: 'Your berth is ready',
      },
    }),
  },
}
