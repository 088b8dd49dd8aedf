import type { ProviderRow } from '../row.ts'

export const greenhouse: ProviderRow = {
  key: 'greenhouse',
  name: 'Greenhouse',
  category: 'crm',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:signature', format: 'prefix', prefix: 'sha256 ' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:greenhouse-event-id'],
  type: ['json:action'],
  order: ['json:payload.application.id', 'json:payload.candidate.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim greenhouse.ts'],
  setUp: 'Configure → Dev Center → Web hooks: the Secret key that you type there.',
  notes: 'The prefix is sha256 and a blank. The id is a header that nobody signs.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: {
    candidate_hired: () => ({
      action: 'candidate_hired',
      payload: {
        application: {
          id: 265_293,
          status: 'hired',
          candidate: { id: 265_772, first_name: 'Mara', last_name: 'Ilves' },
        },
      },
    }),
  },
}
