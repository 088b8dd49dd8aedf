import type { ProviderRow } from '../row.ts'

export const launchdarkly: ProviderRow = {
  key: 'launchdarkly',
  name: 'LaunchDarkly',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-ld-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:_id'],
  type: ['json:kind'],
  order: ['json:target._links.self.href', 'json:_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['public implementations and the OpenAPI text'],
  setUp: 'Integrations → Webhooks → the webhook: Secret.',
  notes: 'The body is an entry of the audit log. Signing has to be switched on.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    flag: ({ eventId, now }) => ({
      _id: eventId,
      kind: 'flag',
      name: 'spring-tides',
      date: now,
      titleVerb: 'turned on the flag',
      target: {
        _links: { self: { href: '/api/v2/flags/harbour/spring-tides' } },
        name: 'spring-tides',
      },
    }),
  },
}
