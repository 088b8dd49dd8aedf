import type { ProviderRow } from '../row.ts'
import { ACCEPT_UNVERIFIED } from '../unverified.ts'

export const datadog: ProviderRow = {
  key: 'datadog',
  name: 'Datadog monitor webhooks',
  category: 'ops',
  schemes: [{ kind: 'token', at: 'header:{config:header}', secret: { from: 'utf8' } }],
  id: ['json:id'],
  type: ['json:event_type'],
  order: [],
  content: ['json', 'form'],
  config: {
    accept_unverified: ACCEPT_UNVERIFIED,
    header: { default: 'authorization', description: 'Header that carries the secret.' },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'memory',
  sources: ['nothing: written from memory'],
  setUp: 'Integrations → Webhooks: the value of the Authorization header that you add there.',
  notes:
    'Written from memory. Datadog signs nothing; headers and payload are yours to define. ' +
    'Id and type are read from `id` and `event_type`, where your template fills them in.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    query_alert_monitor: ({ eventId, now }) => ({
      id: eventId,
      event_type: 'query_alert_monitor',
      title: 'Pump 3 stalls',
      date: now,
    }),
  },
}
