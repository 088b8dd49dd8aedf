import type { ProviderRow } from '../row.ts'

export const pusher: ProviderRow = {
  key: 'pusher',
  name: 'Pusher Channels',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-pusher-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  bodiesAreDated: true,
  batch: { at: 'events', id: [], type: ['json:name'], order: ['json:channel'] },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['pusher/pusher-http-node lib/webhook.js + vector'],
  setUp: 'App keys: the secret of the key that X-Pusher-Key names.',
  notes: 'The body carries several events and a signed time_ms that says when it was made.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    channel_occupied: ({ now }) => ({
      time_ms: now,
      events: [{ name: 'channel_occupied', channel: 'presence-slipway' }],
    }),
  },
}
