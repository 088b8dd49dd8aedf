import { standardScheme, standardWebhooks } from './standard-webhooks.ts'
import type { ProviderRow } from '../row.ts'

export const svix: ProviderRow = {
  ...standardWebhooks,
  key: 'svix',
  name: 'Svix',
  category: 'standard',
  setUp: 'The sender’s portal → the endpoint → Signing Secret (whsec_…).',
  schemes: [standardScheme('svix'), standardScheme('webhook')],
  ack: {
    timeoutSeconds: 15,
    retries: 'after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h',
    verified: false,
  },
  sources: ['svix/svix-webhooks server and javascript library'],
  notes: 'Standard Webhooks under its older header names; both families are in use.',
}
