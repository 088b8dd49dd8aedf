import type { ProviderRow } from '../row.ts'

export const nylas: ProviderRow = {
  key: 'nylas',
  name: 'Nylas v3',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-nylas-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.grant_id', 'json:data.object.id'],
  content: ['json'],
  handshakes: [
    {
      name: 'challenge',
      when: { method: 'GET', present: ['query:challenge'] },
      respond: { status: 200, text: '{query:challenge}' },
    },
  ],
  ack: { timeoutSeconds: 10, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Dashboard → Notifications: shown when the webhook is created.',
  notes: 'The endpoint is checked with a challenge in the query. Switch compressed delivery off.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'message.created': ({ eventId, now }) => ({
      specversion: '1.0',
      type: 'message.created',
      source: '/google/emails/realtime',
      id: eventId,
      time: Math.floor(now / 1000),
      webhook_delivery_attempt: 1,
      data: {
        application_id: 'app_sample',
        grant_id: 'grt_sample',
        object: { id: 'msg_sample', subject: 'Berth 12' },
      },
    }),
  },
}
