import type { ProviderRow } from '../row.ts'

export const telegram: ProviderRow = {
  key: 'telegram',
  name: 'Telegram Bot API',
  category: 'comms',
  schemes: [
    { kind: 'token', at: 'header:x-telegram-bot-api-secret-token', secret: { from: 'utf8' } },
  ],
  id: ['json:update_id'],
  type: ['jsonKey:!update_id'],
  order: ['json:message.chat.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 60,
    retries: 'repeats until 2xx for a "reasonable" number of attempts',
    verified: false,
  },
  level: 'sdk',
  sources: ['grammyjs/grammY src/convenience/frameworks.ts, webhook.ts'],
  setUp: 'The secret_token that you gave to setWebhook.',
  notes:
    'Nothing is signed. The type is the one field beside update_id. update_id grows by one a bot.',
  notSigned:
    'Everything: it proves the sender, not the body, and whoever sees it once can send anything.',
  samples: {
    message: ({ now }) => ({
      update_id: 10_000,
      message: {
        message_id: 1_365,
        date: Math.floor(now / 1000),
        chat: { id: 1_111_111, type: 'private', first_name: 'Mara' },
        from: { id: 1_111_111, is_bot: false, first_name: 'Mara' },
        text: 'Is the slipway free?',
      },
    }),
  },
}
