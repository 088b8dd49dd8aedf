import type { ProviderRow } from '../row.ts'

export const asana: ProviderRow = {
  key: 'asana',
  name: 'Asana',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-hook-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  bodiesAreDated: true,
  batch: { at: 'events', id: [], type: ['json:action'], order: ['json:resource.gid'] },
  content: ['json'],
  handshakes: [
    {
      name: 'X-Hook-Secret',
      when: { present: ['header:x-hook-secret'] },
      unsigned: true,
      learn: 'header:x-hook-secret',
      respond: { status: 200, headers: { 'x-hook-secret': '{header:x-hook-secret}' } },
    },
  ],
  ack: {
    timeoutSeconds: 10,
    retries:
      'exponential for 24 h then the webhook is deleted; empty heartbeat every 8 h must be answered',
    verified: true,
    taken: [{ respond: { status: 200 } }],
  },
  level: 'docs',
  sources: ['Asana/developer-docs source/includes/markdown/_webhooks.html.md'],
  setUp: 'Asana sends it itself when a webhook is created: run `inlet source pair <source>` first.',
  notes:
    'The secret arrives once, in the header of the handshake, and is taken only while a ' +
    'registration is pending. A heartbeat without events comes every 8 hours. Events ' +
    'carry no id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    changed: ({ now }) => ({
      events: [
        {
          user: { gid: '12345', resource_type: 'user' },
          created_at: new Date(now).toISOString(),
          action: 'changed',
          resource: { gid: '1188', resource_type: 'task' },
          parent: null,
          change: { field: 'name', action: 'changed' },
        },
      ],
    }),
  },
}
