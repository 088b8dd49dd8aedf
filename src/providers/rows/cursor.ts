import type { ProviderRow } from '../row.ts'

export const cursor: ProviderRow = {
  key: 'cursor',
  name: 'Cursor',
  category: 'ai',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-webhook-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-webhook-id'],
  type: ['header:x-webhook-event'],
  order: ['json:id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills cursor'],
  setUp: 'The secret that you gave when you created the webhook.',
  notes: 'Id and event name are headers that nobody signs.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    statusChange: ({ now }) => ({
      event: 'statusChange',
      timestamp: new Date(now).toISOString(),
      id: 'bc_sample',
      status: 'FINISHED',
      source: { repository: 'https://github.com/harbour-labs/tide-tables', ref: 'main' },
    }),
  },
}
