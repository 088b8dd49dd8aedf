import type { ProviderRow } from '../row.ts'

export const confluence: ProviderRow = {
  key: 'confluence',
  name: 'Confluence',
  category: 'productivity',
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
  id: ['header:x-atlassian-webhook-identifier'],
  type: ['json:event'],
  order: ['json:page.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim confluence.ts'],
  setUp: 'The secret that was given when the webhook was created.',
  notes: 'Signs as Jira does. The id is a header that nobody signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    page_updated: ({ now }) => ({
      event: 'page_updated',
      userAccountId: 'mara',
      timestamp: now,
      page: { id: 65_603, title: 'Tide tables', spaceKey: 'HAR', version: 4 },
    }),
  },
}
