import type { ProviderRow } from '../row.ts'

export const retell: ProviderRow = {
  key: 'retell',
  name: 'Retell AI',
  category: 'ai',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:x-retell-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'd',
        },
      ],
      encoding: 'hex',
      signed: '{body}{ts}',
      timestamp: { from: 'signature:v', unit: 'ms', toleranceSeconds: 300, official: false },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:call.call_id', 'json:call.end_timestamp']],
  type: ['json:event'],
  order: ['json:call.call_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['trigger.dev packages/core/src/v3/webhooks/index.ts'],
  setUp: 'Dashboard → API keys: the key with the webhook badge.',
  notes:
    'The body comes first, then the time in milliseconds. call_id names the call: event and ' +
    'call are an id once it has ended. Before, transcript_updated and others come several ' +
    'times, and a hash of time and body tells them apart.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    call_ended: ({ eventId, now }) => ({
      event: 'call_ended',
      call: {
        call_id: eventId,
        agent_id: 'agent_sample',
        call_status: 'ended',
        end_timestamp: now,
        disconnection_reason: 'user_hangup',
      },
    }),
  },
}
