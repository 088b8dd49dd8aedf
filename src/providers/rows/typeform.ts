import type { ProviderRow } from '../row.ts'

export const typeform: ProviderRow = {
  key: 'typeform',
  name: 'Typeform',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:typeform-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:event_id'],
  type: ['json:event_type'],
  order: ['json:form_response.form_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim typeform.ts', 'trigger.dev'],
  setUp: 'The form → Connect → Webhooks: the Secret that you type there.',
  notes: 'The prefix says sha256=, as GitHub’s, and what follows is base64.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    form_response: ({ eventId, now }) => ({
      event_id: eventId,
      event_type: 'form_response',
      form_response: {
        form_id: 'lT4Z3j',
        token: 'a3a12ec67a',
        submitted_at: new Date(now).toISOString(),
        definition: { id: 'lT4Z3j', title: 'Berth request' },
        answers: [{ type: 'text', text: 'Berth 12', field: { id: 'q1', type: 'short_text' } }],
      },
    }),
  },
}
