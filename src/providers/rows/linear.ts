import { linearSamples } from '../samples/linear.ts'
import type { ProviderRow } from '../row.ts'

export const linear: ProviderRow = {
  key: 'linear',
  name: 'Linear',
  category: 'productivity',
  setUp: 'Settings → API → Webhooks → the webhook’s signing secret.',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:linear-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
      timestamp: {
        from: 'json:webhookTimestamp',
        unit: 'ms',
        toleranceSeconds: 60,
        official: true,
      },
    },
  ],
  id: ['header:linear-delivery'],
  type: [['json:type', 'json:action'], 'json:type'],
  order: ['json:data.id'],
  content: ['json'],
  ack: {
    timeoutSeconds: 5,
    retries: 'after 1 min, 1 h and 6 h',
    verified: false,
  },
  level: 'sdk',
  sources: [
    'linear/linear packages/sdk/src/webhooks/client.ts',
    'simstudioai/sim apps/sim/lib/webhooks/providers/linear.ts',
  ],
  notes:
    'The time is webhookTimestamp in the signed body; the header linear-timestamp is not signed ' +
    'and never looked at. It is described as the time of sending; that a retry carries a new one ' +
    'is not documented. If it did not, retries after the window would be refused.',
  notSigned:
    'The delivery id: within 60 s, whoever has captured a delivery can send it again under ' +
    'another id.',
  samples: linearSamples,
}
