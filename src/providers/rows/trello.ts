import type { ProviderRow } from '../row.ts'

export const trello: ProviderRow = {
  key: 'trello',
  name: 'Trello',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-trello-webhook', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}{url}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:action.id'],
  type: ['json:action.type'],
  order: ['json:action.data.card.id', 'json:model.id'],
  content: ['json'],
  handshakes: [
    { name: 'check of the endpoint', when: { method: 'HEAD' }, respond: { status: 200 } },
  ],
  ack: {
    timeoutSeconds: null,
    retries: '3 at 30/60/120 s; disabled after 30 failures (public notes)',
    verified: false,
  },
  level: 'repo',
  sources: ['eight public implementations that cite developer.atlassian.com'],
  setUp: 'https://trello.com/power-ups/admin, the Power-Up, API key: Secret.',
  notes:
    'HMAC-SHA1 of the body and then the URL. INLET_URL must be what was given as ' +
    'callbackURL. The endpoint is checked with a HEAD.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    updateCard: ({ eventId, now }) => ({
      action: {
        id: eventId,
        idMemberCreator: 'mem_sample',
        type: 'updateCard',
        date: new Date(now).toISOString(),
        data: {
          card: { id: 'card_sample', name: 'Grease the winch' },
          board: { id: 'board_sample' },
        },
      },
      model: { id: 'board_sample', name: 'Harbour' },
    }),
  },
}
