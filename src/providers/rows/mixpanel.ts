import type { ProviderRow } from '../row.ts'
import { ACCEPT_UNVERIFIED } from '../unverified.ts'

export const mixpanel: ProviderRow = {
  key: 'mixpanel',
  name: 'Mixpanel cohort sync',
  category: 'analytics',
  schemes: [{ kind: 'basic', secret: { from: 'utf8' } }],
  id: [],
  type: ['json:action'],
  order: ['json:parameters.mixpanel_cohort_id'],
  content: ['json'],
  config: { accept_unverified: ACCEPT_UNVERIFIED },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'memory',
  sources: ['nothing: written from memory'],
  setUp: 'The user name and password that you give to the cohort sync, as user:password.',
  notes: 'Written from memory. Nothing is signed.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    add_members: () => ({
      action: 'add_members',
      parameters: {
        mixpanel_project_id: '1188',
        mixpanel_cohort_id: '42',
        mixpanel_cohort_name: 'Skippers',
        members: [{ mixpanel_distinct_id: 'usr_sample', email: 'mara@example.com' }],
      },
    }),
  },
}
