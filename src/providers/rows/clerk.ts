import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const clerk: ProviderRow = {
  key: 'clerk',
  name: 'Clerk',
  category: 'auth',
  schemes: [standardScheme('svix')],
  id: [],
  type: ['json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['clerk/javascript packages/backend/src/webhooks.ts'],
  setUp: 'Clerk Dashboard → Configure → Webhooks → the endpoint: Signing Secret (whsec_…).',
  notes:
    'Sent by Svix, under the older header names. In 2025 Clerk’s own library parsed ' +
    'signatures and did not compare them (CVE-2025-53548).',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'user.created': ({ now }) => ({
      object: 'event',
      type: 'user.created',
      timestamp: now,
      data: {
        id: 'user_sample8F2c',
        object: 'user',
        first_name: 'Mara',
        last_name: 'Ilves',
        email_addresses: [{ id: 'idn_sample', email_address: 'mara@example.com' }],
      },
    }),
  },
}
