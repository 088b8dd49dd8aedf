import type { ProviderRow } from '../row.ts'

export const brevo: ProviderRow = {
  key: 'brevo',
  name: 'Brevo',
  category: 'email',
  schemes: [
    { kind: 'token', at: 'header:authorization', prefix: 'Bearer ', secret: { from: 'utf8' } },
  ],
  id: [['json:event', 'json:message-id', 'json:email', 'json:ts_epoch']],
  type: ['json:event'],
  order: ['json:message-id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators brevo.ts'],
  setUp: 'Transactional → Settings → Webhook: the bearer token that you set as its authentication.',
  notes:
    'Nothing is signed. The id in the body is the webhook’s, the same in all events, and ' +
    'no id of an event. Brevo also lists the addresses that it sends from: 1.179.112.0/20 ' +
    'and 172.246.240.0/20.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    delivered: ({ eventId, now }) => ({
      event: 'delivered',
      email: 'mara@example.com',
      id: 26_224,
      date: '2026-03-04 09:30:00',
      ts: Math.floor(now / 1000),
      'message-id': eventId,
      ts_event: Math.floor(now / 1000),
      subject: 'Your berth is ready',
      ts_epoch: now,
    }),
  },
}
