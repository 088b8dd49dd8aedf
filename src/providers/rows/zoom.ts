import type { ProviderRow } from '../row.ts'

export const zoom: ProviderRow = {
  key: 'zoom',
  name: 'Zoom',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-zm-signature', format: 'prefix', prefix: 'v0=' }],
      encoding: 'hex',
      signed: 'v0:{ts}:{body}',
      timestamp: {
        from: 'header:x-zm-request-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [
    [
      'json:event',
      'json:event_ts',
      'json:payload.object.uuid',
      'json:payload.object.participant.participant_uuid',
    ],
    ['json:event', 'json:event_ts', 'json:payload.object.uuid'],
    'header:x-zm-request-id',
  ],
  type: ['json:event'],
  order: ['json:payload.object.id', 'json:payload.account_id'],
  content: ['json'],
  handshakes: [
    {
      name: 'endpoint.url_validation',
      when: { equals: { 'json:event': 'endpoint.url_validation' } },
      respond: {
        status: 200,
        json: {
          plainToken: '{json:payload.plainToken}',
          encryptedToken: '{hmacHex:json:payload.plainToken}',
        },
      },
    },
  ],
  ack: {
    timeoutSeconds: 3,
    retries: '3: after 5, +20, +60 min; endpoint revalidated every 72 h',
    verified: true,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'sdk',
  sources: [
    'zoom/webhook-sample index.js',
    'developers.zoom.us blog webhook-delays, changelog webhook-url-validation',
    'simstudioai/sim zoom.ts',
  ],
  setUp: 'App Marketplace → the app → Feature: Secret token.',
  notes:
    'Endpoints are validated when they are saved and every 72 hours. event_ts counts ' +
    'milliseconds and is part of the id, with the meeting and the participant, because ' +
    'the request id is not signed.',
  notSigned: 'Delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    'meeting.started': ({ eventId, now }) => ({
      event: 'meeting.started',
      event_ts: now,
      payload: {
        account_id: 'acc_sample',
        object: {
          id: '1234567890',
          uuid: eventId,
          host_id: 'x1yCzABCDEfg23HiJKl4mN',
          topic: 'Harbour council',
          type: 2,
          start_time: new Date(now).toISOString(),
        },
      },
    }),
  },
}
