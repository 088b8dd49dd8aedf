import type { ProviderRow } from '../row.ts'

export const dockerHub: ProviderRow = {
  key: 'docker_hub',
  name: 'Docker Hub',
  category: 'devops',
  schemes: [{ kind: 'token', at: 'query:token', secret: { from: 'utf8' } }],
  id: [['json:repository.repo_name', 'json:push_data.tag', 'json:push_data.pushed_at']],
  type: [],
  order: ['json:repository.repo_name'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'hookdeck/webhook-skills docker-hub verification.md (2026-09)',
    'go-playground/webhooks docker',
  ],
  setUp:
    'There is none. Make up a token and paste the URL with `?token=<token>`; `openssl ' +
    'rand -hex 32` makes a good one.',
  notes:
    'Docker Hub signs nothing and sends no credentials, so the URL carries a token. Its ' +
    'callback_url is never called.',
  notSigned: 'Everything: whoever knows the URL can send anything.',
  samples: {
    unknown: ({ eventId }) => ({
      callback_url: 'https://registry.example.com/callback/sample',
      push_data: { pushed_at: eventId, pusher: 'noor', tag: 'latest' },
      repository: {
        name: 'tide-tables',
        namespace: 'harbour-labs',
        repo_name: 'harbour-labs/tide-tables',
        status: 'Active',
      },
    }),
  },
}
