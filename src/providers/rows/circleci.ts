import type { ProviderRow } from '../row.ts'

export const circleci: ProviderRow = {
  key: 'circleci',
  name: 'CircleCI',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:circleci-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:project.id'],
  content: ['json'],
  ack: { timeoutSeconds: 10, retries: 'yes, schedule unpublished', verified: true },
  level: 'docs',
  sources: ['circleci/circleci-docs docs/guides/modules/integration/pages/outbound-webhooks.adoc'],
  setUp: 'Project settings → Webhooks: the Secret token that you type there.',
  notes: 'The header is a list of versions, of which v1 is the only one. No time is signed.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'workflow-completed': ({ eventId, now }) => ({
      id: eventId,
      type: 'workflow-completed',
      happened_at: new Date(now).toISOString(),
      webhook: { id: 'cf8c4fdd-0587-4da1-b4ca-4846e9640af9', name: 'Deploys' },
      project: {
        id: '84996744-a854-4f5e-aea3-04e2851dc1d2',
        name: 'tide-tables',
        slug: 'github/harbour-labs/tide-tables',
      },
      workflow: { id: 'fda08377-fe7e-46b1-8992-3a7aaecac9c3', name: 'build', status: 'success' },
    }),
  },
}
