import type { ProviderRow } from '../row.ts'

export const viber: ProviderRow = {
  key: 'viber',
  name: 'Viber',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-viber-content-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [
    ['json:event', 'json:message_token', 'json:user_id'],
    ['json:event', 'json:message_token'],
  ],
  type: ['json:event'],
  order: ['json:sender.id', 'json:user_id', 'json:user.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['Viber/viber-bot-node lib/message/message-validator.js + vector'],
  setUp: 'The bot’s account: the authentication token signs.',
  notes:
    'message_token is beyond 2^53 and read from the text, digit for digit. Delivered and ' +
    'seen carry the token of the message, so the event name and the user are part of the ' +
    'id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    message: ({ eventId, now }) => ({
      event: 'message',
      timestamp: now,
      message_token: eventId,
      sender: { id: '01234567890A=', name: 'Mara' },
      message: { type: 'text', text: 'Is the slipway free?' },
    }),
  },
}
