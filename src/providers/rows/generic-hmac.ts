import { genericSamples } from '../samples/generic.ts'
import type { ProviderRow } from '../row.ts'

/** The same two for every provider that we know nothing about. */
export const idConfig = {
  id_header: {
    default: 'idempotency-key',
    description: 'Header that carries the id of the event.',
  },
  id_field: {
    default: '',
    description:
      'Path in the JSON body to the id of the event, for example `event.id`. It must name the ' +
      'event, not the object that changed.',
  },
} as const

export const genericHmac: ProviderRow = {
  key: 'generic_hmac',
  name: 'HMAC of the body',
  category: 'generic',
  setUp: 'Choose a secret, and give it to whoever sends.',
  schemes: [
    {
      kind: 'hmac',
      hash: '{config:hash}',
      signatures: [{ at: 'header:{config:header}', format: 'prefix', prefix: '{config:prefix}' }],
      encoding: '{config:encoding}',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: ['header:{config:id_header}', 'json:{config:id_field}'],
  type: ['json:type'],
  order: [],
  content: ['any'],
  config: {
    header: { default: 'x-signature', description: 'Header that carries the signature.' },
    hash: { default: 'sha256', description: 'sha1, sha256, sha384 or sha512.' },
    encoding: { default: 'hex', description: 'hex, base64 or base64url.' },
    prefix: {
      default: '',
      description: 'What stands before the signature in the header, for example `sha256=`.',
    },
    ...idConfig,
  },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['frain-dev/convoy pkg/verifier/verifier.go'],
  notes:
    'The field `id` of a body is not taken for the event’s id by itself: in many APIs it names ' +
    'the object, and the second change of an object would be lost as a duplicate.',
  notSigned: 'Time and id: whoever has captured a delivery can send it again under another id.',
  samples: genericSamples,
}
