import type { ProviderRow } from '../row.ts'

export const vercel: ProviderRow = {
  key: 'vercel',
  name: 'Vercel',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-vercel-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:payload.project.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'Yizack/nuxt-webhook-validators vercel.ts',
    'simstudioai/sim providers/vercel.ts',
    'hookdeck/webhook-skills vercel',
  ],
  setUp: 'Shown once when the webhook is created; for integrations it is the client secret.',
  notes: 'HMAC-SHA1, whatever other libraries say.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'deployment.succeeded': ({ eventId, now }) => ({
      id: eventId,
      type: 'deployment.succeeded',
      createdAt: now,
      region: 'cdg1',
      payload: {
        team: { id: 'team_sample' },
        project: { id: 'prj_sample_2' },
        deployment: { id: 'dpl_sample_8', url: 'tide-tables.example.com', name: 'tide-tables' },
      },
    }),
  },
}
