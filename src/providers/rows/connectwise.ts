import { compileConnectwise } from '../code/connectwise.ts'
import type { ProviderRow } from '../row.ts'

export const connectwise: ProviderRow = {
  key: 'connectwise',
  name: 'ConnectWise PSA',
  category: 'crm',
  setUp:
    'There is no secret to copy: the key stands at Metadata.key_url of each callback. Put ' +
    'that address, or the part of it that all callbacks share, into ' +
    'INLET_CONFIG_<SOURCE>_KEY_URL.',
  schemes: [
    {
      kind: 'code',
      description:
        'HMAC-SHA256 of the body, with the SHA-256 of the key that stands at Metadata.key_url.',
      at: ['header:x-content-signature'],
      compile: compileConnectwise,
    },
  ],
  id: [],
  type: [['json:Type', 'json:Action']],
  order: [['json:Type', 'json:ID']],
  content: ['json'],
  config: {
    key_url: {
      default: '',
      required: true,
      description: 'What Metadata.key_url has to begin with: only your own proves anything.',
    },
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['NangoHQ/nango connectwise-psa-webhook-routing.ts'],
  notes:
    'Everybody with an account has a key at such an address, so that a host of ConnectWise ' +
    'alone proves nothing: the address is pinned.',
  notSigned: 'Headers, and no time: a delivery can be replayed once its hash is forgotten.',
  samples: {},
}
