import { genericToken } from './generic-token.ts'
import { idConfig } from './generic-hmac.ts'
import type { ProviderRow } from '../row.ts'

export const genericBasic: ProviderRow = {
  ...genericToken,
  key: 'generic_basic',
  name: 'HTTP Basic',
  setUp: 'Choose `user:password`, and give it to whoever sends.',
  schemes: [{ kind: 'basic', secret: { from: 'utf8' } }],
  config: { ...idConfig },
  sources: ['frain-dev/convoy pkg/verifier/verifier.go', 'RFC 7617'],
  notes: 'The secret is user:password. The password may contain colons.',
  notSigned:
    'Everything: the password proves the sender, not the body, and whoever sees it once can ' +
    'send anything.',
}
