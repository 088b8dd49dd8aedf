import { compilePlaid, PLAID_SECRET } from '../code/plaid.ts'
import type { ProviderRow } from '../row.ts'

export const plaid: ProviderRow = {
  key: 'plaid',
  name: 'Plaid',
  category: 'payments',
  setUp:
    'Dashboard → Developers → Keys: the secret of the environment, and the client_id, which ' +
    'belongs in INLET_CONFIG_<SOURCE>_CLIENT_ID. With them the gateway asks for Plaid’s ' +
    'keys.',
  schemes: [
    {
      kind: 'code',
      description:
        'A JWT (ES256) with the SHA-256 of the body, no older than 5 minutes, by a key that ' +
        '/webhook_verification_key/get tells.',
      at: ['header:plaid-verification'],
      secret: PLAID_SECRET,
      compile: compilePlaid,
    },
  ],
  id: [],
  type: [['json:webhook_type', 'json:webhook_code']],
  order: ['json:item_id'],
  content: ['json'],
  config: {
    client_id: { default: '', required: true, description: 'The client_id of the account.' },
    environment: { default: 'production', description: '`production` or `sandbox`.' },
  },
  ack: { timeoutSeconds: 10, retries: 'for 24 hours', verified: false },
  level: 'docs',
  sources: ['plaid.com/docs/api/webhooks/webhook-verification', 'elixir_plaid Plaid.Webhooks'],
  notes: 'The body is signed as it is written, with its white space. Plaid gives events no id.',
  notSigned: 'Headers and the URL.',
  samples: {},
}
