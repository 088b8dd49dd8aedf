import type { ProviderRow } from '../row.ts'

export const jira: ProviderRow = {
  key: 'jira',
  name: 'Jira (dynamic / admin webhooks with secret)',
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
  type: ['json:webhookEvent'],
  order: ['json:issue.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'NangoHQ/nango jira-webhook-routing.ts',
    'simstudioai/sim jira.ts',
    'hookdeck/webhook-skills jira',
  ],
  setUp: 'System → Webhooks: the Secret that you type there.',
  notes:
    'Webhooks without a secret are unsigned. Connect apps send a JWT of the request’s ' +
    'canonical form instead, which is not taken here. The id is a header that nobody ' +
    'signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'jira:issue_updated': ({ now }) => ({
      timestamp: now,
      webhookEvent: 'jira:issue_updated',
      issue_event_type_name: 'issue_updated',
      user: { accountId: 'mara', displayName: 'Mara' },
      issue: { id: '10002', key: 'TIDE-12', fields: { summary: 'Correct the summer offset' } },
    }),
  },
}
