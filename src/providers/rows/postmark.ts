import type { ProviderRow } from '../row.ts'

export const postmark: ProviderRow = {
  key: 'postmark',
  name: 'Postmark',
  category: 'email',
  schemes: [{ kind: 'basic', secret: { from: 'utf8' } }],
  id: [
    ['json:RecordType', 'json:MessageID', 'json:Recipient', 'json:DeliveredAt'],
    ['json:RecordType', 'json:ID'],
  ],
  type: ['json:RecordType'],
  order: ['json:MessageID'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'symfony PostmarkRequestParser (IP allow list)',
    'anymail postmark.py',
    'hookdeck/webhook-skills postmark',
  ],
  setUp:
    'Servers → the stream → Webhooks: the basic auth credentials that you type there, as ' +
    'user:password.',
  notes:
    'Nothing is signed. MessageID names the message, so what happened and to whom are ' +
    'part of the event’s id. Opens and clicks repeat, and count once per 15 minutes where ' +
    'they are identical.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    Delivery: ({ eventId, now }) => ({
      RecordType: 'Delivery',
      MessageStream: 'outbound',
      ServerID: 23,
      MessageID: eventId,
      Recipient: 'mara@example.com',
      DeliveredAt: new Date(now).toISOString(),
      Details: 'delivered',
    }),
  },
}
