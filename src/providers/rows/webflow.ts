import type { ProviderRow } from '../row.ts'

export const webflow: ProviderRow = {
  key: 'webflow',
  name: 'Webflow',
  category: 'commerce',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-webflow-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{ts}:{body}',
      timestamp: {
        from: 'header:x-webflow-timestamp',
        unit: 'ms',
        toleranceSeconds: 300,
        official: true,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['json:triggerType'],
  order: ['json:payload.siteId'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills webflow'],
  setUp: 'Shown when the webhook is created with the API; for apps, the client secret.',
  notes: 'The time counts milliseconds. The body has no id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    form_submission: ({ now }) => ({
      triggerType: 'form_submission',
      payload: {
        name: 'Berth request',
        siteId: '65427cf4',
        data: { name: 'Mara Ilves', email: 'mara@example.com' },
        submittedAt: new Date(now).toISOString(),
      },
    }),
  },
}
