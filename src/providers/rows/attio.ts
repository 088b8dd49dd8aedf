import type { ProviderRow } from '../row.ts'

export const attio: ProviderRow = {
  key: 'attio',
  name: 'Attio',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:attio-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-attio-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:idempotency-key'],
  type: [],
  order: [],
  batch: {
    at: 'events',
    id: [],
    type: ['json:event_type'],
    order: ['json:id.record_id', 'json:id.object_id'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim attio.ts', 'trigger.dev webhookProviderConfigs'],
  setUp: 'Returned as `secret` when the webhook is created.',
  notes:
    'Two names of the header are in use, and both are read. A request carries several ' +
    'events; the id is a header that nobody signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'record.created': () => ({
      webhook_id: 'whk_sample',
      events: [
        {
          event_type: 'record.created',
          id: { workspace_id: 'ws_sample', object_id: 'obj_sample', record_id: 'rec_sample' },
          actor: { type: 'workspace-member', id: 'mara' },
        },
      ],
    }),
  },
}
