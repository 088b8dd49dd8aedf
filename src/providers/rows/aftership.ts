import type { ProviderRow } from '../row.ts'

export const aftership: ProviderRow = {
  key: 'aftership',
  name: 'AfterShip',
  category: 'commerce',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:aftership-hmac-sha256', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: ['json:event'],
  order: ['json:msg.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Settings → Webhooks: Webhook secret.',
  notes: 'Base64 of the whole body.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    tracking_update: ({ eventId, now }) => ({
      event: 'tracking_update',
      event_id: eventId,
      is_tracking_first_tag: false,
      ts: Math.floor(now / 1000),
      msg: { id: 'trk_sample', tracking_number: '1Z0SAMPLE', tag: 'InTransit' },
    }),
  },
}
