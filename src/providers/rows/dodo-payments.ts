import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const dodoPayments: ProviderRow = {
  key: 'dodo_payments',
  name: 'Dodo Payments',
  category: 'payments',
  schemes: [standardScheme('webhook')],
  id: [],
  type: ['json:type'],
  order: ['json:data.subscription_id', 'json:data.payment_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Hookflo/tern src/platforms/algorithms.ts'],
  setUp: 'Developer → Webhooks → the endpoint: Signing key.',
  notes: 'Standard Webhooks.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'payment.succeeded': ({ now }) => ({
      business_id: 'bus_sample',
      type: 'payment.succeeded',
      timestamp: new Date(now).toISOString(),
      data: {
        payload_type: 'Payment',
        payment_id: 'pay_sample_31',
        currency: 'EUR',
        total_amount: 6_400,
        customer: { customer_id: 'cus_sample', email: 'mara@example.com' },
      },
    }),
  },
}
