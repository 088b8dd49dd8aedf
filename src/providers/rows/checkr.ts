import type { ProviderRow } from '../row.ts'

export const checkr: ProviderRow = {
  key: 'checkr',
  name: 'Checkr',
  category: 'auth',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-checkr-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:data.object.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango checkr-partner-webhook-routing.ts'],
  setUp: 'Account settings, Developer settings: the API key signs.',
  notes: 'The body has an id of its own.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'report.completed': ({ eventId, now }) => ({
      id: eventId,
      object: 'event',
      type: 'report.completed',
      created_at: new Date(now).toISOString(),
      data: { object: { id: 'rep_sample', object: 'report', status: 'clear' } },
    }),
  },
}
