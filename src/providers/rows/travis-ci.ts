import type { ProviderRow } from '../row.ts'
import { ACCEPT_UNVERIFIED } from '../unverified.ts'

export const travisCi: ProviderRow = {
  key: 'travis_ci',
  name: 'Travis CI',
  category: 'devops',
  schemes: [
    {
      kind: 'rsa',
      hash: 'sha1',
      signatures: [{ at: 'header:signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{form:payload}',
      key: { from: 'secret', form: 'spki' },
    },
  ],
  id: [['json:id', 'json:state']],
  type: ['json:state'],
  order: ['json:repository.id'],
  content: ['form'],
  formField: 'payload',
  config: { accept_unverified: ACCEPT_UNVERIFIED },
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'memory',
  sources: ['nothing: written from memory'],
  setUp:
    'The public key is at https://api.travis-ci.com/config ' +
    '(config.notifications.webhook.public_key).',
  notes: 'Written from memory. What is signed is the decoded form field `payload`, not the form.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    passed: ({ eventId }) => ({
      id: eventId,
      number: '27',
      state: 'passed',
      branch: 'main',
      repository: { id: 53, name: 'tide-tables', owner_name: 'harbour-labs' },
    }),
  },
}
