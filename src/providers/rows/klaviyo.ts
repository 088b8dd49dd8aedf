import type { ProviderRow } from '../row.ts'

export const klaviyo: ProviderRow = {
  key: 'klaviyo',
  name: 'Klaviyo',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:klaviyo-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}{ts}',
      timestamp: {
        from: 'header:klaviyo-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: { at: 'data', id: ['json:payload.data.id'], type: ['json:topic'], order: [] },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['hookdeck/webhook-skills klaviyo verification.md'],
  setUp: 'The secret key that you gave when you created the webhook.',
  notes:
    'The body comes first, then the time, whose unit is not confirmed. Klaviyo-Webhook-Id ' +
    'names the webhook, not the event.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'event:klaviyo.opened_email': ({ eventId, now }) => ({
      data: [
        { topic: 'event:klaviyo.opened_email', payload: { data: { type: 'event', id: eventId } } },
      ],
      meta: { timestamp: new Date(now).toISOString(), klaviyo_account_id: 'SAMPLE' },
    }),
  },
}
