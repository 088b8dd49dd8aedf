import type { ProviderRow } from '../row.ts'

export const calendly: ProviderRow = {
  key: 'calendly',
  name: 'Calendly',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:calendly-webhook-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v1',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 300, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:payload.uri', 'json:created_at']],
  type: ['json:event'],
  order: ['json:payload.scheduled_event.uri'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: '24 h', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango calendly-webhook-routing.ts', 'trigger.dev webhookProviderConfigs'],
  setUp: 'The signing_key that you gave when you created the webhook subscription.',
  notes: 'The body has no event id: event, invitee and time together are one.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'invitee.created': ({ eventId, now }) => ({
      event: 'invitee.created',
      created_at: new Date(now).toISOString(),
      created_by: 'https://api.example.com/users/sample',
      payload: {
        uri: eventId,
        email: 'mara@example.com',
        name: 'Mara Ilves',
        status: 'active',
        scheduled_event: {
          uri: 'https://api.example.com/scheduled_events/sample',
          start_time: new Date(now).toISOString(),
        },
      },
    }),
  },
}
