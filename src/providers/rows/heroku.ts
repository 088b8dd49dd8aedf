import type { ProviderRow } from '../row.ts'

export const heroku: ProviderRow = {
  key: 'heroku',
  name: 'Heroku',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:heroku-webhook-hmac-sha256', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:webhook_metadata.delivery.id', 'json:id'],
  type: [['json:webhook_metadata.event.include', 'json:action'], 'json:resource'],
  order: ['json:data.app.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators heroku.ts', 'ngrok webhooks.fyi directory'],
  setUp:
    'Shown in the header Heroku-Webhook-Secret of the answer that creates the webhook, ' +
    'and never again.',
  notes: 'Base64 of the whole body. A delivery keeps its id over its attempts.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'api:release.create': ({ eventId, now }) => ({
      id: 'f7c1',
      action: 'create',
      resource: 'release',
      created_at: new Date(now).toISOString(),
      data: { id: 'rel_sample', app: { id: 'app_sample', name: 'tide-tables' }, version: 12 },
      webhook_metadata: {
        attempt: { id: 'att_sample' },
        delivery: { id: eventId },
        event: { id: 'evn_sample', include: 'api:release' },
        webhook: { id: 'whk_sample' },
      },
    }),
  },
}
