import type { ProviderRow } from '../row.ts'

export const twitch: ProviderRow = {
  key: 'twitch',
  name: 'Twitch EventSub',
  category: 'social',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:twitch-eventsub-message-signature', format: 'prefix', prefix: 'sha256=' },
      ],
      encoding: 'hex',
      signed: '{id}{ts}{body}',
      idHeader: 'twitch-eventsub-message-id',
      timestamp: {
        from: 'header:twitch-eventsub-message-timestamp',
        unit: 'iso',
        toleranceSeconds: 600,
        official: true,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['header:twitch-eventsub-subscription-type', 'header:twitch-eventsub-message-type'],
  order: ['json:event.broadcaster_user_id', 'json:subscription.id'],
  content: ['json'],
  handshakes: [
    {
      name: 'webhook_callback_verification',
      when: { equals: { 'header:twitch-eventsub-message-type': 'webhook_callback_verification' } },
      respond: { status: 200, text: '{json:challenge}' },
    },
  ],
  ack: { timeoutSeconds: 10, retries: 'unknown', verified: false, refused: 403 },
  level: 'sdk',
  sources: [
    'twurple/twurple packages/eventsub-http/src/EventSubHttpBase.ts',
    'Yizack/nuxt-webhook-validators twitch.ts',
  ],
  setUp: 'The secret that you gave when you created the EventSub subscription.',
  notes:
    'Id, time and body are joined without anything between; the time has nanoseconds and ' +
    'is signed as it is written. A revocation arrives as an event of that type.',
  notSigned: 'Event type: whoever has captured a delivery can send it again, with another one.',
  samples: {
    'stream.online': ({ now }) => ({
      subscription: {
        id: 'f1c2a387',
        type: 'stream.online',
        version: '1',
        status: 'enabled',
        condition: { broadcaster_user_id: '1337' },
        created_at: new Date(now).toISOString(),
      },
      event: {
        id: '9001',
        broadcaster_user_id: '1337',
        broadcaster_user_login: 'harbour',
        type: 'live',
        started_at: new Date(now).toISOString(),
      },
    }),
  },
}
