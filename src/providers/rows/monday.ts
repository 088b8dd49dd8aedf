import type { ProviderRow } from '../row.ts'

export const monday: ProviderRow = {
  key: 'monday',
  name: 'monday.com',
  category: 'productivity',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:authorization',
      algorithms: ['HS256'],
      secret: { from: 'utf8' },
      claims: { required: ['exp'] },
    },
  ],
  id: ['json:event.triggerUuid'],
  type: ['json:event.type'],
  order: ['json:event.pulseId', 'json:event.boardId'],
  content: ['json'],
  handshakes: [
    {
      name: 'challenge',
      when: { only: ['challenge'] },
      unsigned: true,
      respond: { status: 200, json: { challenge: '{json:challenge}' } },
    },
  ],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['simstudioai/sim monday.ts', 'mondaycom/welcome-apps authentication.js'],
  setUp:
    'Developer Center → the app → Basic information: Signing secret. Board webhooks are ' +
    'unsigned; those of apps are signed.',
  notes:
    'A JWT that says nothing about the body: whoever has captured one can send anything ' +
    'until it expires.',
  notSigned:
    'The body: whoever has captured one delivery can send another body with its proof ' +
    'until that expires.',
  samples: {
    create_pulse: ({ eventId, now }) => ({
      event: {
        userId: 9_603_417,
        triggerUuid: eventId,
        type: 'create_pulse',
        boardId: 1_771_812_698,
        pulseId: 1_772_099_344,
        pulseName: 'Grease the winch',
        triggerTime: new Date(now).toISOString(),
      },
    }),
  },
}
