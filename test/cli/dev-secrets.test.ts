import { expect, test } from 'bun:test'
import { keepDevSecrets, readDevSecrets } from '../../src/cli/dev-secrets.ts'
import { makeTempDir } from '../support/temp.ts'

test('a source gets a secret once, and only where its provider takes one', async () => {
  await using directory = await makeTempDir()
  const sources = [
    { name: 'github', provider: 'github' },
    // Both have keys that they publish: a secret of ours would refuse the start.
    { name: 'pay', provider: 'paypal' },
    { name: 'kick', provider: 'kick' },
    // A handler file's own, and our own callers.
    { name: 'acme', provider: 'acme' },
    { name: 'shop', provider: 'cloudevents' },
  ]

  const secrets = keepDevSecrets(directory.path, sources, {})

  expect(Object.keys(secrets)).toEqual([
    'INLET_SECRET_GITHUB',
    'INLET_SECRET_ACME',
    'INLET_EVENTS_TOKEN_SHOP',
  ])
  expect(readDevSecrets(directory.path)).toEqual(secrets)
  expect(keepDevSecrets(directory.path, sources, {})).toEqual(secrets)
})
