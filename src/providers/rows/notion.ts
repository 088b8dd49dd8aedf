import type { ProviderRow } from '../row.ts'

export const notion: ProviderRow = {
  key: 'notion',
  name: 'Notion',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-notion-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['json:id'],
  type: ['json:type'],
  order: ['json:entity.id'],
  content: ['json'],
  handshakes: [
    {
      name: 'verification_token',
      when: { only: ['verification_token'], absent: ['header:x-notion-signature'] },
      unsigned: true,
      learn: 'json:verification_token',
      respond: { status: 200 },
    },
  ],
  ack: { timeoutSeconds: null, retries: '8 over 24 h', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango notion', 'simstudioai/sim notion.ts', 'hookdeck/webhook-skills notion'],
  setUp:
    'Notion sends it itself when a webhook is created: run `inlet source pair <source>` first. ' +
    'Then Notion asks for it on its own page: it stands in <INLET_DATA_DIR>/secrets/<source>.',
  notes:
    'The key is the verification_token of the handshake, which is unsigned and taken only ' +
    'while a registration is pending.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'page.content_updated': ({ eventId, now }) => ({
      id: eventId,
      timestamp: new Date(now).toISOString(),
      workspace_id: 'ws_sample',
      subscription_id: 'sub_sample',
      type: 'page.content_updated',
      entity: { id: 'page_sample', type: 'page' },
      attempt_number: 1,
      data: { parent: { id: 'db_sample', type: 'database' } },
    }),
  },
}
