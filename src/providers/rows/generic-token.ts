import { idConfig } from './generic-hmac.ts'
import { genericSamples } from '../samples/generic.ts'
import type { ProviderRow } from '../row.ts'

export const genericToken: ProviderRow = {
  key: 'generic_token',
  name: 'Static token in a header',
  category: 'generic',
  setUp: 'Choose a token, and give it to whoever sends.',
  schemes: [
    {
      kind: 'token',
      at: 'header:{config:header}',
      prefix: '{config:prefix}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:{config:id_header}', 'json:{config:id_field}'],
  type: ['json:type'],
  order: [],
  content: ['any'],
  config: {
    header: { default: 'x-api-key', description: 'Header that carries the token.' },
    prefix: {
      default: '',
      description:
        'What stands before the token in the header, for example `Bearer ` with its blank.',
    },
    ...idConfig,
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['frain-dev/convoy pkg/verifier/verifier.go'],
  notes:
    'X-Request-Id is no id: proxies set a new one for each request, so that a redelivery would ' +
    'not be recognised.',
  notSigned:
    'Everything: the token proves the sender, not the body, and whoever sees it once can send ' +
    'anything.',
  samples: genericSamples,
}
