import type { ProviderRow } from '../row.ts'

export const doppler: ProviderRow = {
  key: 'doppler',
  name: 'Doppler',
  category: 'ops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-doppler-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [],
  type: ['json:type'],
  order: ['json:project.id'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'repo',
  sources: ['Hookflo/tern'],
  setUp: 'Project → Webhooks: the Secret that you type there.',
  notes: 'The body carries no id.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which counts as a new event ' +
    'after 15 minutes.',
  samples: {
    'config.secrets.update': () => ({
      type: 'config.secrets.update',
      config: { name: 'prd', environment: 'prd' },
      project: { id: 'sample', name: 'tides' },
      workplace: { id: 'wp_sample', name: 'Harbour' },
    }),
  },
}
