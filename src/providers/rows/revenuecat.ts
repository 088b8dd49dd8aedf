import type { ProviderRow } from '../row.ts'

export const revenuecat: ProviderRow = {
  key: 'revenuecat',
  name: 'RevenueCat',
  category: 'payments',
  schemes: [{ kind: 'token', at: 'header:authorization', secret: { from: 'utf8' } }],
  id: ['json:event.id'],
  type: ['json:event.type'],
  order: ['json:event.app_user_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim revenuecat.ts'],
  setUp:
    'Project settings → Integrations → Webhooks: the Authorization header value that you ' +
    'type there.',
  notes: 'Nothing is signed. The header is compared whole.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    RENEWAL: ({ eventId, now }) => ({
      api_version: '1.0',
      event: {
        id: eventId,
        type: 'RENEWAL',
        app_user_id: 'usr_sample',
        product_id: 'harbour_monthly',
        event_timestamp_ms: now,
        store: 'APP_STORE',
        environment: 'SANDBOX',
      },
    }),
  },
}
