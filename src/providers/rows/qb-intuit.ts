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
    at: 'eventNotifications',
    id: [],
    type: ['json:type', 'json:dataChangeEvent.entities.0.name'],
    order: ['json:realmId', 'json:intuitaccountid'],
  },
  content: ['json'],
  ack: { timeoutSeconds: 3, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations'],
  setUp: 'Developer portal → the app → Webhooks: Verifier token.',
  notes:
    'Intuit moves from this payload to a list of CloudEvents: both are taken. ' +
    'Notifications of the older one carry no id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    Customer: ({ now }) => ({
      eventNotifications: [
        {
          realmId: '1185883450',
          dataChangeEvent: {
            entities: [
              {
                name: 'Customer',
                id: '1',
                operation: 'Create',
                lastUpdated: new Date(now).toISOString(),
              },
            ],
          },
        },
      ],
    }),
  },
}
