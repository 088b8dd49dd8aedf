import type { ProviderRow } from '../row.ts'

export const pagerduty: ProviderRow = {
  key: 'pagerduty',
  name: 'PagerDuty v3',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-pagerduty-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event.id'],
  type: ['json:event.event_type'],
  order: ['json:event.data.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries:
      '5xx, 429, timeouts up to 48 h; other 4xx are permanent; 3 drops in a row disable for 24 h',
    verified: true,
  },
  level: 'sdk',
  sources: [
    'PagerDuty/go-pagerduty webhookv3/webhookv3.go + test vector',
    'hookdeck/webhook-skills pagerduty',
  ],
  setUp: 'Integrations → Generic Webhooks (v3): shown once when the subscription is created.',
  notes:
    'While a secret is rotated the header carries one v1 for each. X-Webhook-Id is not ' +
    'signed and not looked at: the body has the id. A forgery must get a 4xx: PagerDuty ' +
    'repeats what got a 5xx for two days.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'incident.triggered': ({ eventId, now }) => ({
      event: {
        id: eventId,
        event_type: 'incident.triggered',
        resource_type: 'incident',
        occurred_at: new Date(now).toISOString(),
        agent: null,
        data: {
          id: 'PGR0VU2',
          type: 'incident',
          number: 2,
          status: 'triggered',
          title: 'Pump 3 stalls',
          service: { id: 'PF9KMXH', summary: 'Pumps' },
        },
      },
    }),
  },
}
