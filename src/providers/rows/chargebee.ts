import type { ProviderRow } from '../row.ts'

export const chargebee: ProviderRow = {
  key: 'chargebee',
  name: 'Chargebee',
  category: 'payments',
  schemes: [{ kind: 'basic', secret: { from: 'utf8' } }],
  id: ['json:id'],
  type: ['json:event_type'],
  order: ['json:content.customer.id', 'json:content.subscription.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills chargebee'],
  setUp: 'Settings → Webhooks: the user name and password that you type there, as user:password.',
  notes: 'Nothing is signed.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    invoice_generated: ({ eventId, now }) => ({
      id: eventId,
      occurred_at: Math.floor(now / 1000),
      source: 'scheduled_job',
      object: 'event',
      api_version: 'v2',
      event_type: 'invoice_generated',
      content: {
        invoice: { id: 'inv_20711', status: 'paid', total: 6_400 },
        customer: { id: 'cus_sample' },
      },
    }),
  },
}
