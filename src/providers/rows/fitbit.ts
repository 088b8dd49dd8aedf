import type { ProviderRow } from '../row.ts'

export const fitbit: ProviderRow = {
  key: 'fitbit',
  name: 'Fitbit',
  category: 'social',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha1',
      signatures: [{ at: 'header:x-fitbit-signature', format: 'raw' }],
      encoding: 'base64',
      signed: '{body}',
      secret: { suffix: '&', from: 'utf8' },
    },
  ],
  id: [],
  type: [],
  order: [],
  identicalAreDistinct: true,
  batch: { at: '$', id: [], type: ['json:collectionType'], order: ['json:ownerId'] },
  content: ['json'],
  handshakes: [
    {
      name: 'verify',
      when: { method: 'GET', present: ['query:verify'] },
      check: [{ value: 'query:verify', equals: '{config:verify_code}' }],
      otherwise: 404,
      respond: { status: 204 },
    },
  ],
  config: {
    verify_code: {
      default: '',
      description: 'The verification code that Fitbit shows for the subscriber.',
      required: true,
    },
  },
  ack: {
    timeoutSeconds: 5,
    retries: 'unknown',
    verified: false,
    taken: [{ respond: { status: 204 } }],
  },
  level: 'repo',
  sources: ['four public implementations that cite dev.fitbit.com'],
  setUp:
    'The app’s page: OAuth 2.0 client secret. The verification code goes into ' +
    'INLET_CONFIG_<SOURCE>_VERIFY_CODE.',
  notes:
    'HMAC-SHA1 with the client secret and an ampersand after it. Fitbit tries a right and ' +
    'a wrong code and wants 204 and 404. A request carries several notifications, without ' +
    'ids or times: a second change on the same day reads like the first, so none counts as ' +
    'the duplicate of another.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    activities: () => [
      {
        collectionType: 'activities',
        date: '2026-03-04',
        ownerId: '228S74',
        ownerType: 'user',
        subscriptionId: '1234',
      },
    ],
  },
}
