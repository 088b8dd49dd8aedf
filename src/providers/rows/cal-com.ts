import type { ProviderRow } from '../row.ts'

export const calCom: ProviderRow = {
  key: 'cal_com',
  name: 'Cal.com',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-cal-signature-256', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:triggerEvent', 'json:payload.uid', 'json:createdAt']],
  type: ['json:triggerEvent'],
  order: ['json:payload.uid'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Yizack/nuxt-webhook-validators calcom.post.ts', 'simstudioai/sim calcom.ts'],
  setUp: 'Settings → Developer → Webhooks: the Secret that you type there.',
  notes: 'The body has no event id: trigger, booking and time together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    BOOKING_CREATED: ({ eventId, now }) => ({
      triggerEvent: 'BOOKING_CREATED',
      createdAt: new Date(now).toISOString(),
      payload: {
        uid: eventId,
        type: 'berth-visit',
        title: 'Berth visit',
        startTime: new Date(now).toISOString(),
        organizer: { name: 'Harbour desk', email: 'desk@example.com' },
      },
    }),
  },
}
