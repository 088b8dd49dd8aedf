import type { ProviderRow } from '../row.ts'

export const sinch: ProviderRow = {
  key: 'sinch',
  name: 'Sinch Conversation',
  category: 'comms',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-sinch-webhook-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}.{header:x-sinch-webhook-signature-nonce}.{ts}',
      timestamp: {
        from: 'header:x-sinch-webhook-signature-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: false,
      },
      secret: { from: 'utf8' },
    },
  ],
  id: [
    ['json:message_delivery_report.message_id', 'json:message_delivery_report.status'],
    'json:message.id',
  ],
  type: ['json:trigger'],
  order: ['json:message.conversation_id', 'json:message_delivery_report.conversation_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['sinch/sinch-sdk-node packages/sdk-client/src/utils/authorization.helper.ts + tests'],
  setUp: 'App → Webhooks: the Secret that you type there.',
  notes:
    'Body, nonce and time are joined with dots. message_id names the message, so its ' +
    'status is part of the event’s id. Webhooks of Numbers and Voice are signed ' +
    'otherwise, and not taken here.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    MESSAGE_INBOUND: ({ eventId, now }) => ({
      app_id: '01SAMPLEAPP',
      accepted_time: new Date(now).toISOString(),
      event_time: new Date(now).toISOString(),
      project_id: 'prj_sample',
      message: {
        id: eventId,
        direction: 'TO_APP',
        contact_message: { text_message: { text: 'Is the slipway free?' } },
        conversation_id: 'cnv_sample',
      },
      trigger: 'MESSAGE_INBOUND',
    }),
  },
}
