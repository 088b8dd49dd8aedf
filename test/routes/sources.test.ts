import { expect, test } from 'bun:test'
import { sourcesRoutes } from '../../routes/sources.ts'
import { countUses } from '../../src/secret-uses.ts'
import type { Source } from '../../src/source.ts'

const [used, unused] = countUses(['made-up-secret', 'another-secret'])
const github: Source = {
  name: 'github',
  provider: 'github',
  unsigned: false,
  neverRetries: false,
  methods: ['POST'],
  file: '/etc/inlet/handlers/github.ts',
  verify: () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
  route: () => undefined,
  secretUses: [
    { digest: '', ...unused, deliveries: 0, lastUsedAt: null },
    { digest: '', ...used, deliveries: 3, lastUsedAt: Date.UTC(2026, 0, 1) },
  ],
}

test('each source tells which of its secrets are used, and not the secrets', async () => {
  const response = await sourcesRoutes(
    () => [github],
    () => true,
  ).request('/sources')
  const text = await response.text()

  expect(JSON.parse(text)).toEqual({
    sources: [
      {
        name: 'github',
        provider: 'github',
        file: 'github.ts',
        unsigned: false,
        secrets: [
          { place: 1, deliveries: 0, lastUsedAt: null },
          { place: 2, deliveries: 3, lastUsedAt: '2026-01-01T00:00:00.000Z' },
        ],
      },
    ],
  })
  expect(text).not.toContain(used?.digest ?? 'digest')
})
