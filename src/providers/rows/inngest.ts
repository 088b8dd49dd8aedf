import type { ProviderRow } from '../row.ts'

export const inngest: ProviderRow = {
  key: 'inngest',
  name: 'Inngest',
  category: 'infra',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-inngest-signature',
          format: 'kv',
          pairSeparator: '&',
          keySeparator: '=',
          key: 's',
        },
      ],
      encoding: 'hex',
      signed: '{body}{ts}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: true },
      secret: { strip: /^signkey-\w+-/, from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: [
    'inngest/inngest-js packages/inngest/src/helpers/net.ts, strings.ts, components/InngestCommHandler.ts',
  ],
  setUp: 'The signing key of the environment (signkey-<env>-…); the prefix is no part of the key.',
  notes: 'The header is a query string, and the time follows the body.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    unknown: () => ({
      ctx: { run_id: '01SAMPLERUN' },
      event: { name: 'berth/booked', data: { berth: 12 } },
    }),
  },
}
