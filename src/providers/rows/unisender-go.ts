import { compileUnisenderGo, signUnisenderGo, UNISENDER_GO_SECRET } from '../code/unisender-go.ts'
import type { ProviderRow } from '../row.ts'

export const unisenderGo: ProviderRow = {
  key: 'unisender_go',
  name: 'Unisender Go',
  category: 'email',
  setUp: 'Account → Security: the API key of the user or the project whose webhook it is.',
  schemes: [
    {
      kind: 'code',
      description: 'The MD5 of the body with the API key in the place of auth, which holds it.',
      at: ['json:auth'],
      secret: UNISENDER_GO_SECRET,
      compile: compileUnisenderGo,
      sign: signUnisenderGo,
    },
  ],
  id: [],
  type: [],
  order: [],
  batch: {
    at: 'events_by_user',
    id: [],
    type: ['json:events.0.event_data.status', 'json:events.0.event_name'],
    order: ['json:events.0.event_data.job_id'],
  },
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['anymail/django-anymail anymail/webhooks/unisender_go.py, with its test'],
  notes:
    'A request is split by user: one event may hold several of what happened to their ' +
    'mails. The bytes are hashed as they are. Another validator writes the JSON anew, and ' +
    'so depends on white space. MD5 with the key inside is weak by today’s measure, and all ' +
    'there is. The key is that of the API: who has it can send mail.',
  notSigned: 'Headers. No time is checked: a delivery can be replayed once its hash is forgotten.',
  samples: {
    delivered: ({ eventId, now }) => ({
      auth: '',
      events_by_user: [
        {
          user_id: 456,
          events: [
            {
              event_name: 'transactional_email_status',
              event_data: {
                job_id: eventId,
                email: 'recipient@example.com',
                status: 'delivered',
                event_time: new Date(now).toISOString().slice(0, 19).replace('T', ' '),
              },
            },
          ],
        },
      ],
    }),
  },
}
