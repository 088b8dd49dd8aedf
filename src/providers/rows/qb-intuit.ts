import type { ProviderRow } from '../row.ts'

export const qbIntuit: ProviderRow = {
  key: 'qb_intuit',
  name: 'QuickBooks / Intuit',
  category: 'finance',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:intuit-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  bodiesAreDated: true,
  batch: {
    at: ['eventNotifications', '$'],
    id: ['json:id'],
    type: ['json:type', 'json:dataChangeEvent.entities.0.name'],
    order: ['json:realmId', 'json:intuitaccountid'],
  },
  content: ['json'],
  ack: { timeoutSeconds: 3, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Developer portal → the app → Webhooks: Verifier token.',
  notes:
    'Intuit has moved from eventNotifications to a list of CloudEvents: both are taken apart. ' +
    'Notifications of the older form carry no id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'qbo.customer.created.v1': ({ eventId, now }) => [
      {
        specversion: '1.0',
        id: eventId,
        source: 'intuit.sample',
        type: 'qbo.customer.created.v1',
        datacontenttype: 'application/json',
        time: new Date(now).toISOString(),
        intuitentityid: '1',
        intuitaccountid: '1185883450',
        data: {},
      },
    ],
  },
}
