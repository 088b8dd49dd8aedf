import type { ProviderRow } from '../row.ts'

export const bitbucketServer: ProviderRow = {
  key: 'bitbucket_server',
  name: 'Bitbucket Data Center',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hub-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-request-id'],
  type: ['header:x-event-key'],
  order: ['json:repository.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'search',
  sources: ['@coderabbitai/bitbucket headers.d.ts'],
  setUp: 'Repository settings → Webhooks: the Secret that you type there.',
  notes: 'Signs as Bitbucket Cloud does, under other headers for id and type.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    'repo:refs_changed': ({ now }) => ({
      eventKey: 'repo:refs_changed',
      date: new Date(now).toISOString(),
      actor: { name: 'noor', id: 7 },
      repository: { slug: 'tide-tables', id: 84 },
      changes: [{ ref: { id: 'refs/heads/main' }, type: 'UPDATE' }],
    }),
  },
}
