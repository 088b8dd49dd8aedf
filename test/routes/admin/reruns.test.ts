import { expect, test } from 'bun:test'
import { rerunsRoutes, type RerunsPorts } from '../../../routes/admin/reruns.ts'
import { openResource } from '../../../routes/admin/resource.ts'
import { problem } from '../../../routes/problem.ts'
import { GatewayError } from '../../../src/faults/faults.ts'
import type { Rerun, RerunQuery } from '../../../src/rerun.ts'

const rerun: Rerun = {
  seq: 1,
  id: 'replay-1',
  kind: 'replay',
  state: 'running',
  query: { source: 'github', since: 0 },
  by: 'ada from 127.0.0.1',
  createdAt: Date.UTC(2026, 0, 1),
  finishedAt: null,
  cursor: 3,
  bound: 9,
  perSecond: 500,
  total: 2,
  done: 1,
  failed: 0,
  records: 1,
  starts: 0,
  reason: null,
}

function open(overrides: Partial<RerunsPorts> = {}) {
  const asked: unknown[] = []
  const planned: RerunQuery[] = []
  const find = (id: string) => (id === rerun.id ? rerun : undefined)
  const app = openResource()
  app.onError((error) => {
    if (error instanceof GatewayError) return problem(error.code, error.detail)
    throw error
  })
  app.route(
    '/',
    rerunsRoutes({
      plan(_kind, query) {
        planned.push(query)
        const topics = [{ topic: 't', records: 1 }]
        return Promise.resolve({ events: 2, records: 1, topics, isComplete: true })
      },
      ask(what) {
        asked.push(what)
        return Promise.resolve(rerun)
      },
      list: () => [rerun],
      byId: find,
      stop: (id) => Promise.resolve(find(id)),
      resume: (id) => Promise.resolve(find(id)),
      ...overrides,
    }),
  )
  async function send(path: string, json?: unknown) {
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const method = json === undefined ? 'GET' : 'POST'
    const headers = { 'content-type': 'application/json' }
    const visitor = { isOperator: true, peer: '127.0.0.1' }
    const response = await app.request(path, { method, headers, ...body }, visitor)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return { asked, planned, send }
}

test('a plan says in words what it would do', async () => {
  const { send, planned } = open()
  const query = { type: 'push', until: '2026-01-02T00:00:00Z' }
  const { body } = await send('/api/reruns/plan', { kind: 'republish', query })

  expect(body).toMatchObject({ text: 'Sends 1 record of 2 events again, unchanged.' })
  expect(planned).toEqual([{ type: 'push', until: Date.UTC(2026, 0, 2) }])
})

test('who asks is written down, with how much there was to do', async () => {
  const { send, asked } = open()
  await send('/api/reruns', { kind: 'replay', query: { seqs: [7] }, by: 'ada' })
  expect(asked).toEqual([
    { kind: 'replay', query: { seqs: [7] }, perSecond: 500, total: 2, by: 'ada from 127.0.0.1' },
  ])
})

test('a total that nobody has counted to the end is none', async () => {
  const plan = () => Promise.resolve({ events: 2, records: 0, topics: [], isComplete: false })
  const { send, asked } = open({ plan })
  await send('/api/reruns', { kind: 'replay', query: {} })
  expect(asked).toMatchObject([{ total: null }])
})

test('what the wire carries is what its schema says', async () => {
  const { send } = open()
  const { seq: _seq, cursor: _cursor, bound: _bound, starts: _starts, ...shown } = rerun
  const expected = {
    ...shown,
    query: { source: 'github', since: '1970-01-01T00:00:00.000Z' },
    createdAt: '2026-01-01T00:00:00.000Z',
  }
  expect((await send('/api/reruns')).body).toEqual({ reruns: [expected] })
  expect((await send('/api/reruns/replay-1')).body).toEqual(expected)
  expect((await send('/api/reruns/replay-1/stop', {})).body).toEqual(expected)
})

test('a consumer is handed a range again, up to now where nobody says otherwise', async () => {
  const { send, planned, asked } = open()
  const { body } = await send('/api/reruns/plan', { kind: 'reconsume', query: RANGE })
  expect(body['text']).toStartWith('Hands 2 records to the consumer at most once more')
  await send('/api/reruns', { kind: 'reconsume', query: RANGE })
  const query = { consumer: 'alerts', from: { at: Date.parse(NEW_YEAR) }, to: 'latest' } as const
  expect(planned).toEqual([query, query])
  expect(asked).toMatchObject([{ kind: 'reconsume', query, total: 2 }])
})

test('an id that nobody knows is a 404', async () => {
  const { send } = open()
  for (const path of ['/api/reruns/nix/stop', '/api/reruns/nix/resume']) {
    expect((await send(path, {})).body).toMatchObject({ status: 404, code: 'RERUN_UNKNOWN' })
  }
  expect((await send('/api/reruns/nix')).status).toBe(404)
})

const NEW_YEAR = '2026-01-01T00:00:00Z'
const RANGE = { consumer: 'alerts', from: NEW_YEAR }

const REFUSED: readonly (readonly [string, unknown])[] = [
  ['a condition that would be ignored', { kind: 'replay', query: { topic: 't' } }],
  ['text in a redrive', { kind: 'redrive', query: { text: 't' } }],
  ['a list beside a condition', { kind: 'replay', query: { seqs: [1], source: 'github' } }],
  ['an empty list, which is not everything', { kind: 'replay', query: { seqs: [] } }],
  ['a name that is none', { kind: 'replay', query: { sourse: 'github' } }],
  [
    'a range of what is stored',
    { kind: 'replay', query: { consumer: 'alerts', from: 'earliest' } },
  ],
  ['a reconsume without a beginning', { kind: 'reconsume', query: { consumer: 'alerts' } }],
  ['an offset of no partition', { kind: 'reconsume', query: { consumer: 'alerts', from: 1 } }],
  ['events in a reconsume', { kind: 'reconsume', query: { ...RANGE, since: NEW_YEAR } }],
  ['a rate that is none', { kind: 'replay', query: {}, perSecond: 0 }],
]

for (const [what, request] of REFUSED) {
  test(`${what} is refused, and nothing is sent`, async () => {
    const { send, asked } = open()
    expect((await send('/api/reruns', request)).body).toMatchObject({ code: 'REQUEST_MALFORMED' })
    expect(asked).toEqual([])
  })
}
