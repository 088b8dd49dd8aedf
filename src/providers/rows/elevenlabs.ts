import type { ProviderRow } from '../row.ts'

export const elevenlabs: ProviderRow = {
  key: 'elevenlabs',
  name: 'ElevenLabs',
  category: 'ai',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        {
          at: 'header:elevenlabs-signature',
          format: 'kv',
          pairSeparator: ',',
          keySeparator: '=',
          key: 'v0',
        },
      ],
      encoding: 'hex',
      signed: '{ts}.{body}',
      timestamp: { from: 'signature:t', unit: 's', toleranceSeconds: 1800, official: true },
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:type', 'json:data.conversation_id']],
  type: ['json:type'],
  order: ['json:data.conversation_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['elevenlabs/elevenlabs-js src/wrapper/webhooks.ts'],
  setUp: 'Settings → Webhooks: shown once when the webhook is created.',
  notes:
    'The scheme is labelled v0. The window of 30 minutes is ElevenLabs’s own. ' +
    'conversation_id names the conversation, so the type is part of the event’s id.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    post_call_transcription: ({ eventId, now }) => ({
      type: 'post_call_transcription',
      event_timestamp: Math.floor(now / 1000),
      data: {
        agent_id: 'agent_sample',
        conversation_id: eventId,
        status: 'done',
        transcript: [{ role: 'user', message: 'Is the slipway free?' }],
      },
    }),
  },
}
