import type { ProviderRow } from '../row.ts'

export const livekit: ProviderRow = {
  key: 'livekit',
  name: 'LiveKit',
  category: 'comms',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:authorization',
      algorithms: ['HS256'],
      secret: { from: 'utf8' },
      claims: { equals: { iss: '{config:api_key}' }, required: ['exp', 'nbf'] },
      bodyClaim: { name: 'sha256', hash: { hash: 'sha256', encoding: 'base64' } },
    },
  ],
  id: ['json:id'],
  type: ['json:event'],
  order: ['json:room.sid'],
  content: ['json'],
  config: {
    api_key: { default: '', description: 'The API key that issues the tokens.', required: true },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['livekit/node-sdks packages/livekit-server-sdk/src/WebhookReceiver.ts'],
  setUp: 'The API secret; the API key goes into INLET_CONFIG_<SOURCE>_API_KEY.',
  notes: 'A JWT with a hash of the body, issued by the API key.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    room_started: ({ eventId, now }) => ({
      event: 'room_started',
      id: eventId,
      createdAt: String(Math.floor(now / 1000)),
      room: { sid: 'RM_sample', name: 'slipway', emptyTimeout: 300 },
    }),
  },
}
