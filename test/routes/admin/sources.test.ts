import { describe, expect, test } from 'bun:test'
import { sourcesRoutes } from '../../../routes/admin/sources.ts'
import { countUses } from '../../../src/secret-uses.ts'
import type { Source } from '../../../src/source.ts'
import { Traffic } from '../../../src/readings/traffic.ts'
import { manualClock } from '../../support/manual-clock.ts'

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
  refusals: new Map([['mismatch', 2]]),
  secretUses: [
    { digest: '', ...unused, deliveries: 0, lastUsedAt: null },
    { digest: '', ...used, deliveries: 3, lastUsedAt: Date.UTC(2026, 0, 1) },
  ],
}

function routes() {
  const asked: string[] = []
  const clock = manualClock()
  const traffic = new Traffic(clock)
  const app = sourcesRoutes({
    clock,
    traffic: (name) => traffic.of(name),
    baseUrl: 'https://hooks.example.com',
    waitsUntil: () => clock.now() + 1_000,
    sources: () => new Map([['github', github]]),
    pair(source) {
      asked.push(source.name)
      return { expiresAt: Date.UTC(2026, 0, 1), file: 'data/secrets/github' }
    },
  })
  return { asked, clock, traffic, request: app.request }
}

test('each source tells which of its secrets are used, and not the secrets', async () => {
  const { request, clock, traffic } = routes()
  traffic.count('github', { kind: 'handshake', name: 'ping' }, 1)
  traffic.count('github', { kind: 'accepted', handleMs: 0 }, 1)
  clock.advance(1_000)
  traffic.count('github', { kind: 'refused', code: 'SIGNATURE_MISMATCH' }, 1)
  const response = await request('/api/sources')
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
        refused: { mismatch: 2 },
        url: 'https://hooks.example.com/hooks/github',
        lastVerifiedAt: '2026-01-01T00:00:00.000Z',
        lastReceivedAt: '2026-01-01T00:00:01.000Z',
        usualGapMs: null,
        handshakes: [{ name: 'ping', at: '2026-01-01T00:00:00.000Z' }],
        pairing: null,
      },
    ],
  })
  expect(text).not.toContain(used?.digest ?? 'digest')
})

describe('POST /api/sources/:name/pair', () => {
  test('starts to wait, and says until when', async () => {
    const { request, asked } = routes()
    const response = await request('/api/sources/github/pair', { method: 'POST' })

    expect(await response.json()).toEqual({
      source: 'github',
      provider: 'github',
      expiresAt: '2026-01-01T00:00:00.000Z',
      file: 'data/secrets/github',
    })
    expect(asked).toEqual(['github'])
  })
})
