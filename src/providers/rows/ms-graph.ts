import type { ProviderRow } from '../row.ts'

export const msGraph: ProviderRow = {
  key: 'ms_graph',
  name: 'Microsoft Graph change notifications',
  category: 'cloud',
  schemes: [{ kind: 'token', at: 'json:clientState', each: 'value', secret: { from: 'utf8' } }],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'value',
    id: [
      [
        'json:subscriptionId',
        'json:resource',
        'json:resourceData.@odata\\.etag',
        'json:changeType',
      ],
    ],
    type: ['json:changeType', 'json:lifecycleEvent'],
    order: ['json:resource', 'json:subscriptionId'],
  },
  content: ['json'],
  handshakes: [
    {
      name: 'validationToken',
      when: { present: ['query:validationToken'] },
      unsigned: true,
      respond: { status: 200, text: '{query:validationToken}' },
    },
  ],
  ack: {
    timeoutSeconds: 3,
    retries: 'up to 4 h',
    verified: false,
    taken: [{ respond: { status: 202 } }],
  },
  level: 'sdk',
  sources: [
    'microsoftgraph/nodejs-webhooks-sample routes/listen.js, lifecycle.js',
    'learn.microsoft.com Q&A 416427 (10 s, text/plain)',
  ],
  setUp: 'The clientState that you gave when you created the subscription.',
  notes:
    'Nothing is signed: the token stands in the body, in every notification, and each one ' +
    'must have it. An etag is a version of one resource, and one subscription may have ' +
    'many. Encrypted resource data is stored as it is.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    updated: ({ eventId }) => ({
      value: [
        {
          subscriptionId: '76222963',
          clientState: '',
          changeType: 'updated',
          resource: 'users/mara/messages/sample',
          tenantId: 'c2cc9b6e',
          resourceData: {
            '@odata.type': '#Microsoft.Graph.Message',
            id: 'sample',
            '@odata.etag': eventId,
          },
        },
      ],
    }),
  },
}
