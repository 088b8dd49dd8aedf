import type { ProviderRow } from '../row.ts'

export const clickup: ProviderRow = {
  key: 'clickup',
  name: 'ClickUp',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:webhook_id', 'json:event', 'json:history_items.0.id']],
  type: ['json:event'],
  order: ['json:task_id', 'json:list_id', 'json:folder_id', 'json:space_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim clickup.ts'],
  setUp: 'Returned as webhook.secret when the webhook is created.',
  notes: 'The body has no event id: webhook, event and the first history item together are one.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    taskUpdated: ({ eventId }) => ({
      event: 'taskUpdated',
      task_id: '1vj37mc',
      webhook_id: '7fa3ec74',
      history_items: [
        {
          id: eventId,
          type: 1,
          date: '1642736194135',
          field: 'status',
          user: { id: 183, username: 'Mara' },
        },
      ],
    }),
  },
}
