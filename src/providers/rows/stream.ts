import type { ProviderRow } from '../row.ts'

export const stream: ProviderRow = {
  key: 'stream',
  name: 'Stream Chat',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-webhook-id'],
  type: ['json:type'],
  order: ['json:cid'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['GetStream/stream-chat-js src/signing.ts'],
  setUp: 'Dashboard → Chat overview: the app’s secret.',
  notes:
    'The signature is over the uncompressed body: switch compression of webhooks off. The ' +
    'name of the id header is from memory.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'message.new': ({ now }) => ({
      type: 'message.new',
      cid: 'messaging:slipway',
      channel_id: 'slipway',
      message: { id: 'msg_sample', text: 'Is the slipway free?' },
      user: { id: 'mara' },
      created_at: new Date(now).toISOString(),
    }),
  },
}
