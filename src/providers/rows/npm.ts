import type { ProviderRow } from '../row.ts'

export const npm: ProviderRow = {
  key: 'npm',
  name: 'npm registry hooks',
  category: 'devops',
  schemes: [
    {
      kind: 'hmac',
      hash: 'sha256',
      signatures: [{ at: 'header:x-npm-signature', format: 'prefix', prefix: 'sha256=' }],
      encoding: 'hex',
      signed: '{body}',
      secret: { from: 'utf8' },
    },
  ],
  id: [['json:event', 'json:name', 'json:time']],
  type: ['json:event'],
  order: ['json:name'],
  content: ['json'],
  ack: { timeoutSeconds: null, retries: 'unknown', verified: false },
  level: 'sdk',
  sources: ['npm/npm-hook-receiver index.js'],
  setUp: 'The secret that you gave to `npm hook add`.',
  notes: 'It is not known whether the registry still sends hooks.',
  notSigned:
    'Time: whoever has captured a delivery can send it again, which is a duplicate as ' +
    'long as ids are kept.',
  samples: {
    'package:publish': ({ now }) => ({
      event: 'package:publish',
      name: '@harbour/tides',
      type: 'package',
      version: '1.4.0',
      hookOwner: { username: 'noor' },
      change: { version: '1.4.0' },
      time: now,
    }),
  },
}
