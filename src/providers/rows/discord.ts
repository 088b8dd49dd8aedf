import type { ProviderRow } from '../row.ts'

export const discord: ProviderRow = {
  key: 'discord',
  name: 'Discord interactions / webhook events',
  category: 'comms',
  schemes: [
    {
      kind: 'ed25519',
      signatures: [{ at: 'header:x-signature-ed25519', format: 'raw' }],
      encoding: 'hex',
      signed: '{ts}{body}',
      timestamp: {
        from: 'header:x-signature-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      key: { from: 'secret', form: 'raw', encoding: 'hex' },
    },
  ],
  id: ['json:id', ['json:event.type', 'json:event.timestamp']],
  type: ['json:event.type', 'json:type'],
  order: ['json:guild_id', 'json:event.data.guild.id', 'json:application_id'],
  content: ['json'],
  handshakes: [
    {
      name: 'PING of an interaction',
      when: { equals: { 'json:type': 1 }, absent: ['json:event'] },
      respond: { status: 200, json: { type: 1 } },
    },
    {
      name: 'PING of webhook events',
      when: { equals: { 'json:type': 0 } },
      respond: { status: 204 },
    },
  ],
  ack: {
    timeoutSeconds: 3,
    retries: 'unknown',
    verified: false,
    taken: [
      { when: { present: ['json:event'] }, respond: { status: 204 } },
      { when: { equals: { 'json:type': 3 } }, respond: { status: 200, json: { type: 6 } } },
      { respond: { status: 200, json: { type: 5 } } },
    ],
  },
  level: 'sdk',
  sources: ['discord/discord-interactions-js src/index.ts'],
  setUp: 'Developer Portal → the application → General Information: Public Key.',
  notes:
    'Discord tests the endpoint with wrong signatures and wants 401. Interactions wait ' +
    'for an answer within 3 s that Inlet does not give: use it for webhook events. ' +
    'Discord’s library checks no time; the window here is Inlet’s.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    APPLICATION_AUTHORIZED: ({ eventId }) => ({
      version: 1,
      application_id: '1234560123453231555',
      type: 1,
      event: {
        type: 'APPLICATION_AUTHORIZED',
        timestamp: eventId,
        data: {
          integration_type: 1,
          scopes: ['applications.commands'],
          user: { id: '8031', username: 'mara' },
        },
      },
    }),
  },
}
