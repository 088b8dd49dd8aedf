import type { ProviderRow } from '../row.ts'

export const ably: ProviderRow = {
  key: 'ably',
  name: 'Ably (batched)',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-ably-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'items',
    id: ['json:data.id'],
    type: ['json:name', 'json:source'],
    order: ['json:data.channelId'],
  },
  content: ['json'],
  ack: {
    timeoutSeconds: null,
    retries: 'unbatched 5XX: 4 s then 20 s; batched: x sqrt(2) from 1 s to 60 s, queue kept 5 min',
    verified: true,
  },
  level: 'docs',
  sources: ['ably/docs src/pages/docs/platform/integrations/webhooks/index.mdx'],
  setUp: 'The part after the colon of the API key that the rule signs with.',
  notes: 'Batched webhooks; MessagePack bodies are stored as one opaque event.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'channel.message': ({ eventId, now }) => ({
      items: [
        {
          webhookId: 'whk_sample',
          source: 'channel.message',
          serial: 'a7bcdEFghIjklm123456789:4',
          timestamp: now,
          name: 'channel.message',
          data: {
            id: eventId,
            channelId: 'slipway',
            site: 'eu-west-1-A',
            messages: [{ id: 'msg:0:0', name: 'update', data: 'free' }],
          },
        },
      ],
    }),
  },
}
