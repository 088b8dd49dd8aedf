import type { ProviderRow } from '../row.ts'

export const qstash: ProviderRow = {
  key: 'qstash',
  name: 'Upstash QStash',
  category: 'infra',
  schemes: [
    {
      kind: 'jwt',
      at: 'header:upstash-signature',
      algorithms: ['HS256'],
      secret: { from: 'utf8' },
      claims: { equals: { iss: 'Upstash' }, required: ['exp', 'nbf'] },
      bodyClaim: { name: 'body', hash: { hash: 'sha256', encoding: 'base64url' } },
      urlClaim: { name: 'sub', presence: 'optional' },
    },
  ],
  id: ['header:upstash-message-id'],
  type: [],
  order: [],
  content: ['any'],
  ack: { timeoutSeconds: null, retries: 'default 3 (plan dependent)', verified: false },
  level: 'sdk',
  sources: ['upstash/qstash-js src/receiver.ts'],
  setUp: 'QStash console → Signing keys: current and next, both, separated by white space.',
  notes:
    'A JWT whose claim carries a hash of the body, and whose subject is the URL. Two keys ' +
    'are valid at once, the current and the next.',
  notSigned: 'Delivery id: whoever has captured a delivery can send it again under another id.',
  samples: { unknown: () => ({ order: 'A-20711', state: 'paid' }) },
}
