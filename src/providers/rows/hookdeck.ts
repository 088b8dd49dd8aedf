import type { ProviderRow } from '../row.ts'

export const hookdeck: ProviderRow = {
  key: 'hookdeck',
  name: 'Hookdeck Event Gateway',
  category: 'infra',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [
        { at: 'header:x-hookdeck-signature', format: 'raw' },
        { at: 'header:x-hookdeck-signature-2', format: 'raw' },
      ],
      encoding: 'base64',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:x-hookdeck-eventid'],
  type: [],
  order: [],
  content: ['any'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'hookdeck/webhook-skills hookdeck-event-gateway',
    'trigger.dev docs custom-providers (second header during rotation)',
  ],
  setUp: 'Project settings → Secrets: Signing secret.',
  notes:
    'While the secret is rotated a second header carries the signature of the other. The ' +
    'body is whatever Hookdeck was sent.',
  notSigned:
    'Time and delivery id: whoever has captured a delivery can send it again under another id.',
  samples: { unknown: () => ({ order: 'A-20711', state: 'paid' }) },
}
