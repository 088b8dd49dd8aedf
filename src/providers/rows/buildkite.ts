import type { ProviderRow } from '../row.ts'

export const buildkite: ProviderRow = {
  key: 'buildkite',
  name: 'Buildkite',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-buildkite-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'signature',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:timestamp', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
    { kind: 'token', at: 'header:x-buildkite-token', secret: { from: 'utf8' } },
  ],
  id: ['header:x-buildkite-request'],
  type: ['header:x-buildkite-event', 'json:event'],
  order: ['json:build.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: ['buildkite/docs pages/apis/webhooks'],
  setUp:
    'Organisation settings → Notification services → the webhook: Token, and whether it ' +
    'is sent as a token or signs.',
  notes:
    'The setting “send token” or “send signature” decides which header comes; one secret ' +
    'serves both, and a signature decides alone where it is present.',
  notSigned:
    'Delivery id and event type: whoever has captured a delivery can send it again under ' +
    'another id or type.',
  samples: {
    'build.finished': () => ({
      event: 'build.finished',
      build: {
        id: 'f62a1b4d-10f9-4790-bc1c-e2c3a0c80983',
        number: 27,
        state: 'passed',
        branch: 'main',
      },
      pipeline: { slug: 'tide-tables' },
      sender: { id: '8a7693f8', name: 'Noor' },
    }),
  },
}
