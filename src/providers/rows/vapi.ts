import type { ProviderRow } from '../row.ts'

export const vapi: ProviderRow = {
  key: 'vapi',
  name: 'Vapi',
  category: 'ai',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-vapi-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:message.type', 'json:message.call.id', 'json:message.timestamp']],
  type: ['json:message.type'],
  order: ['json:message.call.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['trigger.dev webhookProviderConfigs'],
  setUp: 'Dashboard → the assistant or phone number → Server: the secret that you type there.',
  notes: 'call.id names the call, so the message’s type and time are part of the id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'end-of-call-report': ({ eventId, now }) => ({
      message: {
        type: 'end-of-call-report',
        timestamp: now,
        endedReason: 'hangup',
        call: { id: eventId, orgId: 'org_sample' },
        summary: 'The slipway is free at noon.',
      },
    }),
  },
}
