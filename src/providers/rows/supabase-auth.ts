import { standardScheme } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const supabaseAuth: ProviderRow = {
  key: 'supabase_auth',
  name: 'Supabase Auth hooks',
  category: 'auth',
  schemes: [
    { ...standardScheme('webhook'), secret: { strip: /^(?:v1,whsec_|whsec_)/, from: 'base64' } },
  ],
  id: [],
  type: ['json:metadata.name'],
  order: ['json:user.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['supabase/auth internal/hooks/hookshttp/hookshttp.go, internal/conf/configuration.go'],
  setUp:
    'Authentication → Hooks → the hook: Generate secret. It is shown as `v1,whsec_…`; ' +
    'paste it whole.',
  notes:
    'Standard Webhooks. These hooks are calls that wait for an answer: Inlet acknowledges ' +
    'and publishes, and gives none. Supabase joins several secrets with `|`; here they ' +
    'are separated by white space.',
  notSigned: 'Nothing that the gateway uses: id, time and body are all signed.',
  samples: {
    'before-user-created': ({ now }) => ({
      metadata: {
        uuid: 'd0b3b1a2-2f7e-4a7c-8b6a-6b1d6f0c2a11',
        time: new Date(now).toISOString(),
        name: 'before-user-created',
        ip_address: '192.0.2.7',
      },
      user: { id: '7f4c9c1a-6d0e-4a55-9b0b-8c6f0a2b1d33', email: 'mara@example.com' },
    }),
  },
}
