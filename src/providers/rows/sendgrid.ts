import type { ProviderRow } from '../row.ts'

export const sendgrid: ProviderRow = {
  key: 'sendgrid',
  name: 'SendGrid Event Webhook',
  category: 'email',
  schemes: [
    {
      kind: 'ecdsa',
      hash: 'sha256',
      signatures: [{ at: 'header:x-twilio-email-event-webhook-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{ts}{body}',
      timestamp: {
        from: 'header:x-twilio-email-event-webhook-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      key: { from: 'secret', form: 'spki' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: '$',
    id: ['json:sg_event_id'],
    type: ['json:event'],
    order: ['json:sg_message_id', 'json:email'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: '24 h', verified: false },
  level: 'sdk',
  sources: [
    'sendgrid/sendgrid-nodejs packages/eventwebhook (2 vectors)',
    'anymail/django-anymail sendgrid.py',
  ],
  setUp: 'Settings → Mail settings → Event Webhook: Verification key (the public key, base64).',
  notes:
    'ECDSA over time and body. The body ends with CRLF, which is signed. A request ' +
    'carries several events, each with its sg_event_id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    delivered: ({ eventId, now }) => [
      {
        email: 'mara@example.com',
        timestamp: Math.floor(now / 1000),
        'smtp-id': '<sample@example.com>',
        event: 'delivered',
        category: ['booking'],
        sg_event_id: eventId,
        sg_message_id: 'sample.filter0001',
        response: '250 OK',
      },
    ],
  },
}
