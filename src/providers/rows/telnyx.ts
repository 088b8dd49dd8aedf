import type { ProviderRow } from '../row.ts'

export const telnyx: ProviderRow = {
  key: 'telnyx',
  name: 'Telnyx',
  category: 'comms',
  schemes: [
    {
      kind: 'ed25519',
      signatures: [{ at: 'header:telnyx-signature-ed25519', format: 'raw' }],
      encoding: 'base64',
      signed: '{ts}|{body}',
      timestamp: {
        from: 'header:telnyx-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: true,
      },
      key: { from: 'secret', form: 'raw', encoding: 'base64' },
    },
  ],
  id: ['json:data.id'],
  type: ['json:data.event_type'],
  order: ['json:data.payload.call_session_id', 'json:data.payload.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['team-telnyx/telnyx-node src/lib/webhooks.ts'],
  setUp: 'Mission Control → Keys and credentials: Public key.',
  notes: 'Time and body are joined with a bar.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    'message.received': ({ eventId, now }) => ({
      data: {
        event_type: 'message.received',
        id: eventId,
        occurred_at: new Date(now).toISOString(),
        record_type: 'event',
        payload: { id: '84cca175', direction: 'inbound', text: 'Is the slipway free?' },
      },
      meta: { attempt: 1 },
    }),
  },
}
