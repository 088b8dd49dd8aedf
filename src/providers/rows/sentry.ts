import type { ProviderRow } from '../row.ts'

export const sentry: ProviderRow = {
  key: 'sentry',
  name: 'Sentry',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:sentry-hook-signature', format: 'raw' },
        { at: 'header:sentry-app-signature', format: 'raw' },
      ],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:request-id'],
  type: [['header:sentry-hook-resource', 'json:action'], 'header:sentry-hook-resource'],
  order: ['json:data.issue.id', 'json:installation.uuid'],
  content: ['json'],
  ack: {
    timeoutSeconds: 1,
    retries: 'no documented retry; repeated failures disable the hook',
    verified: false,
  },
  level: 'repo',
  sources: [
    'hookdeck/webhook-skills sentry verification.md quoting sentry server source',
    'simstudioai/sim providers/sentry.ts',
  ],
  setUp: 'Settings → Developer Settings → the integration: Client Secret.',
  notes:
    'A body may be empty: its HMAC is that of nothing. Sentry-Hook-Timestamp is not ' +
    'signed, so it is not looked at. Sentry escapes non-ASCII characters, which is one ' +
    'more reason to verify bytes.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    'issue.created': () => ({
      action: 'created',
      installation: { uuid: 'a8e5d37a-696c-4c54-adb5-b3f28d64c7de' },
      data: {
        issue: {
          id: '1170820242',
          title: 'ReferenceError: tide is not defined',
          project: { id: '1', slug: 'tides' },
        },
      },
      actor: { type: 'application', id: 'sentry', name: 'Sentry' },
    }),
  },
}
