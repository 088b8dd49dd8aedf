import type { ProviderRow } from '../row.ts'

export const postal: ProviderRow = {
  key: 'postal',
  name: 'Postal',
  category: 'email',
  schemes: [
    {
      kind: 'rsa',
      hash: 'sha1',
      signatures: [{ at: 'header:x-postal-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      key: { from: 'secret', form: 'spki' },
    },
  ],
  id: ['json:uuid'],
  type: ['json:event'],
  order: ['json:payload.message.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['anymail/django-anymail postal.py'],
  setUp: 'The public key of the Postal server: `postal default-dkim-record`, or the web interface.',
  notes: 'RSA with SHA-1, as Postal’s older header has it.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    MessageSent: ({ eventId, now }) => ({
      event: 'MessageSent',
      timestamp: Math.floor(now / 1000),
      uuid: eventId,
      payload: {
        status: 'Sent',
        message: {
          id: 12345,
          token: 'abcdef123',
          to: 'mara@example.com',
          subject: 'Your berth is ready',
        },
      },
    }),
  },
}
