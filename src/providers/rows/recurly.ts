import type { ProviderRow } from '../row.ts'

export const recurly: ProviderRow = {
  key: 'recurly',
  name: 'Recurly',
  category: 'payments',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:recurly-signature', format: 'positional', separator: ',' }],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:0', unit: 'ms', toleranceSeconds: 300, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:object_type', 'json:event_type', 'json:id', 'json:event_time']],
  type: [['json:object_type', 'json:event_type']],
  order: ['json:account_code', 'json:id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['recurly/recurly-client-ruby lib/recurly/webhooks.rb + spec vector'],
  setUp: 'Integrations → Webhooks → the endpoint: Secret key.',
  notes:
    'The header is a time in milliseconds, then one or more signatures, without names. ' +
    'The body’s id names the object, so what happened to it and when are part of the ' +
    'event’s id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'invoice.paid': ({ eventId, now }) => ({
      id: eventId,
      object_type: 'invoice',
      site_id: 'st_sample',
      event_type: 'paid',
      event_time: new Date(now).toISOString(),
      account_code: 'acct-1188',
    }),
  },
}
