import type { ProviderRow } from '../row.ts'

export const paddle: ProviderRow = {
  key: 'paddle',
  name: 'Paddle Billing',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:paddle-signature',
          format: 'kv',
          pairSeparator: ';',
          keySeparator: '=',
          key: 'h1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}:{body}',
      timestamp: { from: 'signature:ts', unit: 's', toleranceSeconds: 5, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: ['json:event_type'],
  order: ['json:data.customer_id', 'json:data.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries: 'live 60 over 3 days, sandbox 3 in 15 min',
    verified: false,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'sdk',
  sources: ['PaddleHQ/paddle-node-sdk src/notifications/helpers/webhooks-validator.ts + tests'],
  setUp: 'Developer tools → Notifications → the destination: Secret key.',
  notes:
    'Paddle’s own window is 5 s; each attempt is signed anew, so only a clock that is off ' +
    'is caught by it. notification_id counts deliveries per destination and is no id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'transaction.completed': ({ eventId, now }) => ({
      event_id: eventId,
      event_type: 'transaction.completed',
      occurred_at: new Date(now).toISOString(),
      notification_id: 'ntf_sample',
      data: {
        id: 'txn_sample',
        status: 'completed',
        customer_id: 'ctm_sample',
        currency_code: 'EUR',
        details: { totals: { total: '6400' } },
      },
    }),
  },
}
