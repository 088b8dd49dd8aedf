import type { ProviderRow } from '../row.ts'

export const onfido: ProviderRow = {
  key: 'onfido',
  name: 'Onfido',
  category: 'auth',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-sha2-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [
    ['json:payload.action', 'json:payload.object.id', 'json:payload.object.completed_at_iso8601'],
  ],
  type: ['json:payload.action'],
  order: ['json:payload.object.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['onfido/onfido-node webhook-event-verifier.ts + 2 vectors'],
  setUp: 'Dashboard → Developers → Webhooks: Webhook token.',
  notes: 'The body has no event id: action, object and the time of completion together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'check.completed': ({ eventId, now }) => ({
      payload: {
        resource_type: 'check',
        action: 'check.completed',
        object: {
          id: eventId,
          status: 'complete',
          completed_at_iso8601: new Date(now).toISOString(),
          href: 'https://api.example.com/v3/checks/sample',
        },
      },
    }),
  },
}
