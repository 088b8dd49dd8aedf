import type { ProviderRow } from '../row.ts'

export const mailgun: ProviderRow = {
  key: 'mailgun',
  name: 'Mailgun',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'json:signature.signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{ts}{json:signature.token}',
      timestamp: {
        from: 'json:signature.timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'form:signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{ts}{form:token}',
      timestamp: { from: 'form:timestamp', unit: 's', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:signature.token', 'json:token'],
  type: ['json:event-data.event'],
  order: ['json:event-data.message.headers.message-id'],
  content: ['json', 'form'],
  ack: {
    timeoutSeconds: null,
    retries: '10m,10m,15m,30m,1h,2h,4h',
    verified: false,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'sdk',
  sources: [
    'anymail/django-anymail mailgun.py',
    'rails actionmailbox mailgun test vector',
    'symfony Mailgun fixture vector',
  ],
  setUp: 'Sending → Webhooks: HTTP webhook signing key.',
  notes:
    'Only time and token are signed, not the event. The token counts as the id, so that ' +
    'one signature serves one body and no other.',
  notSigned:
    'The body: whoever has captured one delivery can send another body with its proof ' +
    'until that expires.',
  samples: {
    delivered: ({ eventId, now }) => ({
      signature: { token: eventId, timestamp: '', signature: '' },
      'event-data': {
        id: 'CPgfbmQMTCKtHW6uIWtuVe',
        event: 'delivered',
        timestamp: Math.floor(now / 1000),
        recipient: 'mara@example.com',
        message: { headers: { 'message-id': 'sample@example.com' } },
      },
    }),
  },
}
