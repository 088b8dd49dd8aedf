import type { ProviderRow } from '../row.ts'

export const huggingface: ProviderRow = {
  key: 'huggingface',
  name: 'Hugging Face Hub',
  category: 'ai',
  schemes: [{ kind: 'token', at: 'header:x-webhook-secret', secret: { from: 'utf8' } }],
  id: [],
  type: [['json:event.scope', 'json:event.action'], 'json:event.action'],
  order: ['json:repo.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'docs',
  sources: ['huggingface/hub-docs docs/hub/webhooks-guide-*.md'],
  setUp: 'Settings → Webhooks: the Secret that you type there.',
  notes: 'Nothing is signed. The body has no event id.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    'repo.update': () => ({
      event: { action: 'update', scope: 'repo' },
      repo: {
        type: 'model',
        name: 'harbour/tides',
        id: '621ffdc036468d709f17434d',
        private: false,
        headSha: 'c379e821',
      },
      webhook: { id: 'whk_sample', version: 3 },
    }),
  },
}
