import type { ProviderRow } from '../row.ts'

export const zendesk: ProviderRow = {
  key: 'zendesk',
  name: 'Zendesk',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-zendesk-webhook-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{ts}{body}',
      timestamp: {
        from: 'header:x-zendesk-webhook-signature-timestamp',
        unit: 'iso',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-zendesk-webhook-invocation-id'],
  type: ['json:type'],
  order: ['json:detail.id'],
  content: ['any'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: ['developer.zendesk.com documentation/webhooks/verifying', 'simstudioai/sim zendesk.ts'],
  setUp: 'Admin Center → Apps and integrations → Webhooks → the webhook: Reveal secret.',
  notes:
    'The time is ISO 8601, signed as it is written, before the body. A body may be empty. ' +
    'Where a trigger’s template makes the body, its `id` can be a ticket’s: the id is the ' +
    'invocation’s.',
  notSigned: 'Delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'zen:event-type:ticket.created': ({ now }) => ({
      account_id: 22_129_848,
      id: 'evt_sample',
      type: 'zen:event-type:ticket.created',
      time: new Date(now).toISOString(),
      zendesk_event_version: '2022-11-06',
      subject: 'zen:ticket:5158',
      detail: { id: '5158', subject: 'Pump 3 stalls', status: 'OPEN' },
      event: {},
    }),
  },
}
