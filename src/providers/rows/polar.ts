import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const polar: ProviderRow = {
  key: 'polar',
  name: 'Polar',
  category: 'payments',
  schemes: [{ ...standardScheme('webhook'), secret: { from: 'utf8' } }],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: [
    'polarsource/polar-js src/webhooks.ts (validateEvent base64-encodes the utf8 secret)',
    'Yizack/nuxt-webhook-validators polar.ts',
  ],
  setUp: 'Settings → Webhooks → the endpoint: Secret.',
  notes:
    'Looks like Standard Webhooks, but the key is the secret as it is displayed, not what ' +
    'it would decode to.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'order.paid': ({ now }) => ({
      type: 'order.paid',
      timestamp: new Date(now).toISOString(),
      data: {
        id: '6f1c9d2e-0b7a-4c57-9d14-2b8e5a0f7c63',
        status: 'paid',
        total_amount: 6_400,
        currency: 'eur',
        customer: { id: 'c1a0', email: 'mara@example.com' },
      },
    }),
  },
}
