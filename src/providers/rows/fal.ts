import type { ProviderRow } from '../row.ts'

export const fal: ProviderRow = {
  key: 'fal',
  name: 'fal.ai',
  category: 'ai',
  schemes: [
    {
      kind: 'ed25519',
      signatures: [{ at: 'header:x-fal-webhook-signature', format: 'raw' }],
      encoding: 'hex',
      signed: '{id}\n{header:x-fal-webhook-user-id}\n{ts}\n{sha256hex:body}',
      idHeader: 'x-fal-webhook-request-id',
      timestamp: {
        from: 'header:x-fal-webhook-timestamp',
        unit: 's',
        toleranceSeconds: 300,
        official: true,
      },
      key: { from: 'jwks', url: 'https://rest.fal.ai/.well-known/jwks.json' },
    },
  ],
  id: [],
  type: ['json:status'],
  order: ['json:request_id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: [
    'Hookflo/tern src/platforms/algorithms.ts (headers, JWKS)',
    'three more public implementations that cite fal.ai’s docs agree on layout and address',
  ],
  setUp: 'There is none: fal.ai’s public keys prove it, and Inlet fetches them.',
  notes:
    'Ed25519 over request id, user id, time and a hash of the body, one a line. The keys ' +
    'have no ids: all of the set are tried.',
  notSigned: 'Nothing that the gateway uses: id, type, time and body are all signed.',
  samples: {
    OK: ({ eventId }) => ({
      request_id: eventId,
      gateway_request_id: eventId,
      status: 'OK',
      payload: { images: [{ url: 'https://files.example.com/tides.png' }] },
    }),
  },
}
