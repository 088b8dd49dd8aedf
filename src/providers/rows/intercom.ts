import type { ProviderRow } from '../row.ts'

export const intercom: ProviderRow = {
  key: 'intercom',
  name: 'Intercom',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-hub-signature', format: 'prefix', prefix: 'sha1=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:topic'],
  order: ['json:data.item.id'],
  content: ['json'],
  handshakes: [
    { name: 'check of the endpoint', when: { method: 'HEAD' }, respond: { status: 200 } },
  ],
  ack: { timeoutSeconds: 5, retries: '1 after 1 min', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim providers/intercom.ts', 'webhooks.fyi'],
  setUp: 'Developer Hub → the app → Basic information: Client secret.',
  notes: 'HMAC-SHA1. The endpoint is checked with a HEAD.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'conversation.user.created': ({ eventId, now }) => ({
      type: 'notification_event',
      app_id: 'sample',
      id: eventId,
      topic: 'conversation.user.created',
      created_at: Math.floor(now / 1000),
      data: {
        type: 'notification_event_data',
        item: { type: 'conversation', id: '1188', state: 'open' },
      },
    }),
  },
}
