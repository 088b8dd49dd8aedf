import type { ProviderRow } from '../row.ts'

export const line: ProviderRow = {
  key: 'line',
  name: 'LINE Messaging API',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-line-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'events',
    id: ['json:webhookEventId'],
    type: ['json:type'],
    order: ['json:source.groupId', 'json:source.roomId', 'json:source.userId'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['line/line-bot-sdk-nodejs lib/validate-signature.ts + vector'],
  setUp: 'LINE Developers Console → the channel: Channel secret.',
  notes:
    'A request carries several events, or none when the endpoint is verified. A ' +
    'redelivery keeps webhookEventId.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    message: ({ eventId, now }) => ({
      destination: 'xxxxxxxxxx',
      events: [
        {
          type: 'message',
          webhookEventId: eventId,
          deliveryContext: { isRedelivery: false },
          timestamp: now,
          mode: 'active',
          source: { type: 'user', userId: 'U4af4980629' },
          message: { type: 'text', id: '444573844083572737', text: 'Is the slipway free?' },
        },
      ],
    }),
  },
}
