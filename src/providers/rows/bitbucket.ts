import type { ProviderRow } from '../row.ts'

export const bitbucket: ProviderRow = {
  key: 'bitbucket',
  name: 'Bitbucket Cloud',
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
  id: ['header:x-request-uuid'],
  type: ['header:x-event-key'],
  order: ['json:repository.uuid'],
  content: ['json'],
  ack: { timeoutSeconds: 10, retries: '2 more attempts; X-Attempt-Number header', verified: false },
  level: 'repo',
  sources: [
    'Yizack/nuxt-webhook-validators bitbucket.ts',
    'hookdeck webhook-skills bitbucket',
    'go-playground/webhooks issue 209',
  ],
  setUp: 'Repository settings → Webhooks: the Secret that you type there.',
  notes:
    'SHA-256 under the header name that elsewhere means SHA-1. X-Hook-UUID is public and ' +
    'proves nothing. Without a configured secret Bitbucket signs nothing.',
  notSigned:
    'Time, delivery id and event type: whoever has captured a delivery can send it again ' +
    'under another id or type.',
  samples: {
    'repo:push': () => ({
      actor: { display_name: 'Noor Bakker', uuid: '{b0c9}' },
      repository: {
        uuid: '{8e7f3c1a-2b64-4c0e-9a51-6d2f0b7e4c18}',
        full_name: 'harbour-labs/tide-tables',
      },
      push: { changes: [{ new: { type: 'branch', name: 'main' }, forced: false }] },
    }),
  },
}
