import type { ProviderRow } from '../row.ts'

export const mandrill: ProviderRow = {
  key: 'mandrill',
  name: 'Mailchimp Transactional (Mandrill)',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-mandrill-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{url}{sortedForm}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: '$',
    id: [
      ['json:_id', 'json:event', 'json:ts', 'json:url'],
      ['json:_id', 'json:event', 'json:ts'],
    ],
    type: ['json:event'],
    order: ['json:_id'],
  },
  content: ['form'],
  formField: 'mandrill_events',
  handshakes: [
    { name: 'check of the endpoint', when: { method: 'HEAD' }, respond: { status: 200 } },
    {
      name: 'test',
      when: { equals: { 'form:mandrill_events': '[]' } },
      unsigned: true,
      respond: { status: 200 },
    },
  ],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: [
    'anymail/django-anymail mandrill.py + tests',
    'rails actionmailbox mandrill controller',
    'symfony MailchimpRequestParser',
  ],
  setUp: 'Settings → Webhooks → the webhook: Key.',
  notes:
    'The URL and the sorted form are signed together. INLET_URL must be what Mandrill was ' +
    'given. Who scans a mail clicks all its links within one second, so the link is part ' +
    'of the event’s id. The test when a webhook is added is a HEAD, then an empty list signed ' +
    'with a well-known key.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    send: ({ eventId, now }) => [
      {
        event: 'send',
        _id: eventId,
        ts: Math.floor(now / 1000),
        msg: {
          _id: 'msg_sample',
          email: 'mara@example.com',
          subject: 'Your berth is ready',
          state: 'sent',
        },
      },
    ],
  },
}
