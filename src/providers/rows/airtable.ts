import type { ProviderRow } from '../row.ts'

export const airtable: ProviderRow = {
  key: 'airtable',
  name: 'Airtable',
  category: 'productivity',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:x-airtable-content-mac', format: 'prefix', prefix: 'hmac-sha256=' },
      ],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'base64' },
    },
  ],
  id: [['json:webhook.id', 'json:timestamp']],
  type: [],
  order: ['json:base.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['gtalarico/pyairtable pyairtable/models/webhook.py + vector'],
  setUp: 'macSecretBase64, returned when the webhook is created.',
  notes:
    'The key is base64 and the signature hex. A delivery says only that something ' +
    'changed: the payloads are fetched with a cursor.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    unknown: ({ eventId, now }) => ({
      base: { id: 'app00000000000000' },
      webhook: { id: eventId },
      timestamp: new Date(now).toISOString(),
    }),
  },
}
