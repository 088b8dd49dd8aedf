import type { ProviderRow } from '../row.ts'

export const easypost: ProviderRow = {
  key: 'easypost',
  name: 'EasyPost',
  category: 'commerce',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hmac-signature', format: 'prefix', prefix: 'hmac-sha256-hex=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { normalize: 'NFKD', from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:description'],
  order: ['json:result.id'],
  content: ['json'],
  ack: { timeoutSeconds: 7, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['EasyPost/easypost-node src/utils/util.js', 'EasyPost/examples official/fixtures'],
  setUp: 'The webhook_secret that you gave when you created the webhook.',
  notes:
    'The secret is normalised to NFKD first. EasyPost signs weights as decimals (5.0) and ' +
    'sends them so: another reason to verify bytes.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'tracker.updated': ({ eventId, now }) => ({
      id: eventId,
      object: 'Event',
      description: 'tracker.updated',
      mode: 'test',
      status: 'completed',
      created_at: new Date(now).toISOString(),
      result: { id: 'trk_sample', object: 'Tracker', status: 'in_transit', weight: 17.6 },
    }),
  },
}
