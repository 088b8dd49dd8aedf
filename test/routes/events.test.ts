import { describe, expect, test } from 'bun:test'
import { eventsRoutes, type EventsPorts, type VisitPort } from '../../routes/events.ts'
import type { Caller } from '../../src/caller.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { receive, type BodyBudget } from '../../src/ingest/receive.ts'
import type { LogFields } from '../../src/log.ts'
import { manualClock } from '../support/manual-clock.ts'

const caller: Caller = { name: 'shop', tokenHashes: [], file: undefined, route: () => undefined }
const taken = {
  events: 1,
  duplicates: 0,
  eventId: '/s 1',
  type: 't',
  handleMs: 0.04,
  commitMs: 1.26,
}

type Visit = VisitPort & BodyBudget
type Ports = EventsPorts<Visit>

function routes(ingest: Ports['ingest'], changes: Partial<Ports> = {}) {
  const lines: LogFields[] = []
  const bugs: unknown[] = []
  const visits = { left: 0 }
  const write = (_: string, fields: LogFields = {}) => void lines.push(fields)
  const clock = manualClock()
  const { fetch } = eventsRoutes<Visit>({
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    logDeliveries: true,
    count: () => undefined,
    reject: () => undefined,
    onBug: (error) => void bugs.push(error),
    enter: () => ({
      kind: 'visit',
      client: '192.0.2.1',
      toSource: () => undefined,
      settle: (outcome) => outcome,
      leave: () => void (visits.left += 1),
      holdDeclared: () => true,
      hold: () => undefined,
      read: (body) => body,
    }),
    authenticate: () => ({ kind: 'caller', caller }),
    receive: (request, source, budget) =>
      receive(request, source, { clock, bodyBytesMax: 1000, budget }),
    ingest,
    ...changes,
  })
  const request = async (init: RequestInit = { method: 'POST', body: '{}' }) =>
    fetch(new Request('http://gateway/events', init), { peer: '192.0.2.1' })
  return { request, lines, visits, bugs }
}

describe('POST /events', () => {
  test('answers what became of the request', async () => {
    const cases: readonly (readonly [Awaited<ReturnType<Ports['ingest']>>, number, object])[] = [
      [{ kind: 'accepted', ...taken }, 202, {}],
      [{ kind: 'duplicate', ...taken, duplicates: 1 }, 200, { 'inlet-duplicate': '1' }],
      [{ kind: 'duplicate', ...taken, events: 0 }, 200, {}],
      [{ kind: 'replayed', status: 202 }, 202, { 'idempotency-replayed': 'true' }],
      [
        { kind: 'replayed', status: 200 },
        200,
        { 'idempotency-replayed': 'true', 'inlet-duplicate': '1' },
      ],
    ]
    for (const [outcome, status, headers] of cases) {
      const response = await routes(() => Promise.resolve(outcome)).request()
      expect(response.status).toBe(status)
      expect(Object.fromEntries(response.headers)).toEqual({ ...headers })
    }
  })

  test('lists the issues of what is refused', async () => {
    const issues = [{ element: 3, at: 'time', message: 'must be an RFC 3339 time' }]
    const refused = { kind: 'refused', code: 'EVENT_INVALID', detail: '1 issue', issues } as const
    const response = await routes(() => Promise.resolve(refused)).request()

    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ code: 'EVENT_INVALID', issues })
  })

  test('reads no body of a stranger, and says how to come in', async () => {
    const refused = { kind: 'refused', code: 'TOKEN_REFUSED', detail: 'x' } as const
    const { request, lines, visits } = routes(() => Promise.reject(new Error('not called')), {
      authenticate: () => refused,
      receive: () => Promise.reject(new Error('not called')),
    })
    const response = await request()

    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(lines).toMatchObject([{ source: '(unknown caller)', code: 'TOKEN_REFUSED' }])
    expect(visits.left).toBe(1)
  })

  test('one line for each request, with the cause that its caller is not told', async () => {
    const full = new GatewayError('STORAGE_FULL', 'no space left on /data')
    const { request, lines } = routes(() => Promise.reject(full))
    const response = await request()

    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('/data')
    expect(lines).toMatchObject([{ source: 'shop', code: 'STORAGE_FULL', status: 503 }])
    expect(lines[0]?.['detail']).toContain('/data')
    const good = routes(() => Promise.resolve({ kind: 'accepted', ...taken }))
    await good.request()
    expect(good.lines).toMatchObject([
      { source: 'shop', outcome: 'accepted', eventId: '/s 1', events: 1, commitMs: 1.3 },
    ])
  })

  test('a bug before the stage is a problem that is counted and logged, as one in it', async () => {
    const bug = new TypeError('hash of undefined')
    const counted: unknown[] = []
    const { request, lines, visits, bugs } = routes(() => Promise.reject(bug), {
      authenticate() {
        throw bug
      },
      count: (caller, { kind }) => void counted.push([caller, kind]),
    })
    const response = await request()

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.json()).toMatchObject({ code: 'GATEWAY_BUG' })
    expect(bugs).toEqual([bug])
    expect(counted).toEqual([[undefined, 'refused']])
    expect(lines).toMatchObject([{ source: '(unknown caller)', code: 'GATEWAY_BUG' }])
    expect(visits.left).toBe(1)
  })

  test('what the door turns away costs its prepared answer, and no line', async () => {
    const refused = { kind: 'refused', code: 'OVERLOADED', detail: '', isSummedUp: true } as const
    const { request, lines } = routes(() => Promise.reject(new Error('not called')), {
      enter: () => refused,
    })
    expect((await request()).status).toBe(503)
    expect(lines).toEqual([])
  })

  test('takes POST only', async () => {
    const { request } = routes(() => Promise.reject(new Error('not called')))
    const response = await request({ method: 'PUT' })

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})
