import type { ProviderRow } from '../row.ts'

export const gitea: ProviderRow = {
  key: 'gitea',
  name: 'Gitea',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-gitea-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-gitea-delivery'],
  type: [['header:x-gitea-event', 'json:action'], 'header:x-gitea-event'],
  order: ['json:repository.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['go-playground/webhooks gitea/gitea.go + testdata vectors'],
  setUp:
    'Repository or organisation → Settings → Webhooks: the Secret that you type there. The POST ' +
    'content type has to be application/json.',
  notes:
    'Hex without a prefix. The delivery id and the event name are headers that nobody signs. ' +
    'Of a form, Gitea signs the JSON in it and not the form: it does not match.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    push: () => ({
      ref: 'refs/heads/main',
      before: '3f1c6f0f9c4be0c6d4a1b7f2e85a0d9c1b6e7a42',
      after: '9a4d2e7b1f6035c8e2b19d70f4c3a58e6d12b0f7',
      commits: [],
      repository: { id: 140, name: 'tide-tables', full_name: 'harbour-labs/tide-tables' },
      pusher: { id: 7, login: 'noor' },
    }),
  },
}
