import type { ProviderRow } from '../row.ts'

export const gogs: ProviderRow = {
  key: 'gogs',
  name: 'Gogs',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-gogs-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-gogs-delivery'],
  type: ['header:x-gogs-event'],
  order: ['json:repository.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['go-playground/webhooks gogs/gogs.go + testdata vectors'],
  setUp: 'Repository → Settings → Webhooks: the Secret that you type there.',
  notes: 'Hex without a prefix, as Gitea’s, of which it is the ancestor.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    push: () => ({
      ref: 'refs/heads/main',
      before: '3f1c6f0f9c4be0c6d4a1b7f2e85a0d9c1b6e7a42',
      after: '9a4d2e7b1f6035c8e2b19d70f4c3a58e6d12b0f7',
      commits: [],
      repository: { id: 31, full_name: 'harbour-labs/tide-tables' },
      pusher: { id: 7, login: 'noor' },
    }),
  },
}
