import type { ProviderRow } from '../row.ts'

export const segment: ProviderRow = {
  key: 'segment',
  name: 'Segment webhooks destination',
  category: 'analytics',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:messageId'],
  type: [['json:type', 'json:event'], 'json:type'],
  order: ['json:userId', 'json:anonymousId'],
  content: ['json'],
  ack: { timeoutSeconds: 5, retries: 'yes, standard destination retries', verified: true },
  level: 'docs',
  sources: ['segmentio/segment-docs webhooks + actions-webhook'],
  setUp: 'The webhook destination: the Shared secret that you type there.',
  notes:
    'HMAC-SHA1. Switch batching off: of a batch Segment signs only the first event, and ' +
    'such a request is refused.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'track.Berth Booked': ({ eventId, now }) => ({
      messageId: eventId,
      type: 'track',
      event: 'Berth Booked',
      userId: 'usr_sample',
      anonymousId: 'anon_sample',
      timestamp: new Date(now).toISOString(),
      properties: { berth: 12 },
    }),
  },
}
