import type { ProviderRow } from '../row.ts'

export const ashby: ProviderRow = {
  key: 'ashby',
  name: 'Ashby',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:ashby-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:action', 'json:data.application.id', 'json:data.application.updatedAt']],
  type: ['json:action'],
  order: ['json:data.application.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim ashby.ts'],
  setUp: 'Admin → Integrations → Webhooks: the Secret token that you type there.',
  notes:
    'The body has no event id: action, application and the time of its change together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    candidateStageChange: ({ eventId, now }) => ({
      action: 'candidateStageChange',
      data: {
        application: {
          id: eventId,
          updatedAt: new Date(now).toISOString(),
          status: 'Active',
          candidate: { id: 'cand_sample', name: 'Mara Ilves' },
        },
      },
    }),
  },
}
