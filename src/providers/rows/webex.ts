import type { ProviderRow } from '../row.ts'

export const webex: ProviderRow = {
  key: 'webex',
  name: 'Cisco Webex',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-spark-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [['json:resource', 'json:event']],
  order: ['json:data.roomId', 'json:data.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['three public implementations that agree'],
  setUp: 'The secret that you gave when you created the webhook.',
  notes:
    'HMAC-SHA1. The id in the body is the webhook’s, the same in all events: it is not ' +
    'taken for the event’s.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    'messages.created': ({ now }) => ({
      id: 'webhook_sample',
      name: 'Inlet',
      resource: 'messages',
      event: 'created',
      orgId: 'org_sample',
      actorId: 'person_sample',
      data: {
        id: 'msg_sample',
        roomId: 'room_sample',
        personId: 'person_sample',
        created: new Date(now).toISOString(),
      },
    }),
  },
}
