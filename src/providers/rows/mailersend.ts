import type { ProviderRow } from '../row.ts'

export const mailersend: ProviderRow = {
  key: 'mailersend',
  name: 'MailerSend',
  category: 'email',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:data.id'],
  type: ['json:type'],
  order: ['json:data.email.message.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['symfony MailerSendRequestParser + signed fixture', 'anymail mailersend.py'],
  setUp: 'Domains → the domain → Webhooks: Signing secret.',
  notes:
    'The header is called just `Signature`. data.id names the activity, of which there is ' +
    'one an event.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'activity.delivered': ({ eventId, now }) => ({
      type: 'activity.delivered',
      domain_id: 'yv69oxl5kl785kw2',
      created_at: new Date(now).toISOString(),
      webhook_id: '2351ndgwr4zqx8ko',
      data: {
        object: 'activity',
        id: eventId,
        type: 'delivered',
        email: {
          object: 'email',
          message: { id: '62fb66bef54a112e920b5493' },
          recipient: { email: 'mara@example.com' },
        },
      },
    }),
  },
}
