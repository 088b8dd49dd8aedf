/** What `/hooks/<source>` answers where a provider wants it otherwise. */
import { describe, expect, test } from 'bun:test'
import { hooksRoutes, type HooksPorts, type VisitPort } from '../../routes/hooks.ts'
import type { Answer } from '../../src/delivery.ts'
import { receive, type BodyBudget } from '../../src/ingest/receive.ts'
import type { LogFields } from '../../src/log.ts'
import type { Source } from '../../src/source.ts'
import { manualClock } from '../support/manual-clock.ts'

const meta: Source = {
  name: 'meta',
  provider: 'meta',
  unsigned: false,
  neverRetries: false,
  methods: ['POST', 'GET', 'HEAD', 'OPTIONS'],
  file: undefined,
  verify: () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
  route: () => undefined,
}

/** A door that lets everything in. */
const visit: VisitPort & BodyBudget = {
  kind: 'visit',
  client: '192.0.2.1',
  toSource: () => undefined,
  settle: (outcome) => outcome,
  leave: () => undefined,
  holdDeclared: () => true,
  hold: () => undefined,
  read: (body) => body,
}
type Outcome = Awaited<ReturnType<HooksPorts<typeof visit>['ingest']>>

function routes(outcome: Outcome) {
  const asked: string[] = []
  const lines: LogFields[] = []
  const write = (_: string, fields: LogFields = {}) => void lines.push(fields)
  const clock = manualClock()
  const sources = new Map([
    ['meta', meta],
    ['github', { ...meta, name: 'github', methods: ['POST'] }],
  ])
  const { fetch } = hooksRoutes({
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    logDeliveries: true,
    count: () => undefined,
    reject: () => undefined,
    onBug: () => undefined,
    source: (name) => sources.get(name),
    enter: () => visit,
    receive: (request, source, budget) =>
      receive(request, source, { clock, bodyBytesMax: 1000, budget }),
    ingest({ method, url }) {
      asked.push(`${method} ${new URL(url).search}`)
      return Promise.resolve(outcome)
    },
  })
  const request = (path: string, method: string) =>
    fetch(new Request(`http://gateway${path}`, { method }), { peer: '192.0.2.1' })
  return { request, asked, lines }
}

const probe: Outcome = {
  kind: 'handshake',
  name: 'hub.challenge',
  answer: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'abc' },
}
const split = {
  kind: 'split',
  unhandled: 0,
  states: { accepted: 1, ignored: 0, invalid: 0, failed: 0 },
  handleMs: 1,
  commitMs: 1,
  answer: undefined,
} as const
const demanded: Answer = { status: 204, headers: {}, body: null }

describe('/hooks/:source', () => {
  test('takes the methods of its provider’s probes, with their query', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const { request, asked } = routes(probe)
      const response = await request('/hooks/meta?hub.challenge=abc', method)
      expect(response.status).toBe(200)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(asked).toEqual([`${method} ?hub.challenge=abc`])
    }
  })

  test('takes them for no other source, and no others', async () => {
    const { request, asked } = routes(probe)
    const tried = [
      ['GET', 'github'],
      ['GET', 'unknown'],
      ['PUT', 'meta'],
    ] as const
    for (const [method, source] of tried) {
      const response = await request(`/hooks/${source}`, method)
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    }
    expect(asked).toEqual([])
  })

  test('answers a batch 202 where any of it is new, 200 where none is', async () => {
    const statusOf = async (events: number, duplicates: number) => {
      const response = await routes({ ...split, events, duplicates }).request('/hooks/meta', 'POST')
      return [response.status, response.headers.get('inlet-duplicate')]
    }
    expect(await statusOf(3, 2)).toEqual([202, null])
    expect(await statusOf(3, 3)).toEqual([200, '1'])
    expect(await statusOf(0, 0)).toEqual([200, null])
  })

  test('answers what is stored as the provider demands', async () => {
    const trace = { eventId: 'e', type: 't', reason: null, handleMs: 0, commitMs: 0 }
    const outcomes: readonly Outcome[] = [
      { kind: 'accepted', seq: 1, state: 'accepted', ...trace, answer: demanded },
      { kind: 'duplicate', sameBody: true, ...trace, answer: demanded },
      { ...split, events: 1, duplicates: 0, answer: demanded },
    ]
    for (const outcome of outcomes) {
      expect((await routes(outcome).request('/hooks/meta', 'POST')).status).toBe(204)
    }
  })

  test('answers what is not proven with the bare status that the provider looks for', async () => {
    const refused = {
      kind: 'refused',
      code: 'SIGNATURE_MISMATCH',
      detail: '',
      status: 403,
    } as const
    const response = await routes(refused).request('/hooks/meta', 'POST')
    expect([response.status, await response.text()]).toEqual([403, ''])
  })

  test('logs what a batch came to, and a warning where a part failed', async () => {
    const { request, lines } = routes({ ...split, events: 3, duplicates: 1, unhandled: 1 })
    await request('/hooks/meta', 'POST')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ outcome: 'split', events: 3, duplicates: 1, unhandled: 1 })
  })
})
