import type { ProviderRow } from '../row.ts'

export const msTeamsOutgoing: ProviderRow = {
  key: 'ms_teams_outgoing',
  name: 'Microsoft Teams outgoing webhook',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:authorization', format: 'prefix', prefix: 'HMAC ' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'base64' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:conversation.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries: 'unknown',
    verified: false,
    taken: [{ respond: { status: 200, json: { type: 'message', text: 'Received.' } } }],
  },
  level: 'repo',
  sources: ['simstudioai/sim providers/microsoft-teams.ts', 'webhooks.fyi'],
  setUp: 'The security token shown when the outgoing webhook is created (base64).',
  notes:
    'The token is base64, and its bytes are the key. Teams shows the answer in the chat; ' +
    'Inlet gives none.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    message: ({ eventId, now }) => ({
      type: 'message',
      id: eventId,
      timestamp: new Date(now).toISOString(),
      serviceUrl: 'https://smba.example.com/',
      channelId: 'msteams',
      from: { id: '29:sample', name: 'Mara' },
      conversation: { id: '19:sample@thread.tacv2' },
      text: '<at>Inlet</at> status?',
    }),
  },
}
