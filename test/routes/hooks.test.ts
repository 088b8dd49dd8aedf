import { describe, expect, test } from 'bun:test'
import { hooksRoutes, type HooksPorts, type VisitPort } from '../../routes/hooks.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { receive, type BodyBudget } from '../../src/ingest/receive.ts'
import type { Rejection } from '../../src/rejection.ts'
import type { LogFields } from '../../src/log.ts'
import type { Source } from '../../src/source.ts'
import { manualClock } from '../support/manual-clock.ts'

const BODY_BYTES_MAX = 1000

const github: Source = {
  name: 'github',
  provider: 'github',
  unsigned: false,
  neverRetries: false,
  methods: ['POST'],
  file: undefined,
  verify: () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
  route: () => undefined,
}
const taken = {
  eventId: 'e1',
  type: 'push',
  reason: null,
  handleMs: 0.04,
  commitMs: 1.26,
  answer: undefined,
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
type Ports = HooksPorts<typeof visit>

function routes(ingest: Ports['ingest'], enter: Ports['enter'] = () => visit) {
  const lines: { event: string; fields: LogFields | undefined }[] = []
  const bugs: unknown[] = []
  const rejections: Rejection[] = []
  const write = (event: string, fields?: LogFields) => void lines.push({ event, fields })
  const clock = manualClock()
  const { fetch } = hooksRoutes({
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    logDeliveries: true,
    count: () => undefined,
    reject: (rejection) => void rejections.push(rejection),
    onBug: (error) => void bugs.push(error),
    source: (name) => (name === 'github' ? github : undefined),
    enter,
    receive: (request, source, budget) =>
      receive(request, source, { clock, bodyBytesMax: BODY_BYTES_MAX, budget }),
    ingest,
  })
  const request = (path: string, init?: RequestInit) =>
    fetch(new Request(`http://gateway${path}`, init), { peer: '192.0.2.1' })
  return { app: { request }, lines, bugs, rejections }
}

const accept: Ports['ingest'] = () =>
  Promise.resolve({ kind: 'accepted', seq: 1, state: 'accepted', ...taken })
const post = (
  body: string | Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
) => ({
  method: 'POST',
  body,
  headers,
})

describe('POST /hooks/:source', () => {
  test('202 for a new event, 200 with a header for a duplicate', async () => {
    const { app } = routes(accept)
    const duplicate = routes(() => Promise.resolve({ kind: 'duplicate', sameBody: true, ...taken }))

    expect((await app.request('/hooks/github', post('{}'))).status).toBe(202)
    const second = await duplicate.app.request('/hooks/github', post('{}'))
    expect([second.status, second.headers.get('inlet-duplicate')]).toEqual([200, '1'])
  })

  test('the stage is handed the exact bytes', async () => {
    const body = new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0x00, 0x7d])
    let received: Uint8Array | undefined
    const { app } = routes((delivery, source) => {
      received = delivery.body
      return accept(delivery, source)
    })
    await app.request('/hooks/github', post(body))

    expect(received).toEqual(body)
  })

  test('a refusal is a problem document with a stable code', async () => {
    const { app } = routes(() =>
      Promise.resolve({
        kind: 'refused',
        code: 'SIGNATURE_MISMATCH',
        detail: 'x-hub-signature-256',
      }),
    )
    const response = await app.request('/hooks/github', post('{}'))

    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status: 401, code: 'SIGNATURE_MISMATCH' })
  })

  test('a refusal does not tell which step of verifying failed; the log does', async () => {
    const steps = [
      ['SIGNATURE_MISSING', 'missing_header'],
      ['SIGNATURE_EXPIRED', 'stale'],
      ['SIGNATURE_MISMATCH', 'unknown_key'],
    ] as const
    const answers: unknown[] = []
    for (const [code, step] of steps) {
      const { app, lines } = routes(() =>
        Promise.resolve({ kind: 'refused', code, detail: `because of ${step}`, step }),
      )
      const response = await app.request('/hooks/github', post('{}'))
      expect(response.status).toBe(401)
      answers.push(await response.json())
      expect(JSON.stringify(lines)).toContain(`"${step}"`)
    }
    expect(answers[0]).toMatchObject({ code: 'NOT_PROVEN' })
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
  })

  test('our own failure is 503 with Retry-After, never a 4xx, and says nothing of its cause', async () => {
    for (const thrown of [
      new GatewayError('STORAGE_FULL', 'table inbox'),
      new Error('secret path'),
    ]) {
      const { app, lines } = routes(() => Promise.reject(thrown))
      const response = await app.request('/hooks/github', post('{}'))

      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await response.text()).not.toContain('secret path')
      expect(lines[0]?.fields?.['detail']).toBe(thrown.message)
    }
  })

  test('what no fault has a name for is a bug, and told as one', async () => {
    const bug = new TypeError('code of null')
    const thrown = routes(() => Promise.reject(bug))
    const answer = await thrown.app.request('/hooks/github', post('{}'))
    expect(await answer.json()).toMatchObject({ status: 503, code: 'GATEWAY_BUG' })
    expect(thrown.bugs).toEqual([bug])
    expect(thrown.lines).toMatchObject([{ fields: { code: 'GATEWAY_BUG', outcome: 'refused' } }])

    const failed = routes(() => Promise.reject(new GatewayError('STORAGE_FULL', 'table inbox')))
    await failed.app.request('/hooks/github', post('{}'))
    expect(failed.bugs).toEqual([])
  })

  test('where even the answer cannot be made, it is one that may be sent again', async () => {
    const answer = { status: 999, headers: {}, body: null }
    const { app, bugs } = routes(() =>
      Promise.resolve({ kind: 'duplicate', sameBody: true, ...taken, answer }),
    )
    const response = await app.request('/hooks/github', post('{}'))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.json()).toMatchObject({ code: 'GATEWAY_BUG' })
    expect(bugs).toHaveLength(1)
  })

  test('what the door refuses is answered with its Retry-After, neither read nor logged', async () => {
    const refused = {
      kind: 'refused',
      code: 'RATE_LIMITED',
      detail: '',
      retryAfterS: 17,
      isSummedUp: true,
    } as const
    const peers: string[] = []
    const { app, lines } = routes(accept, (_, { peer }) => {
      peers.push(peer)
      return refused
    })
    const response = await app.request('/hooks/github', post('{}'))

    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '17'])
    expect(peers).toEqual(['192.0.2.1'])
    expect(lines).toEqual([])
  })

  test('what is turned away again and again gets a whole answer each time', async () => {
    const refused = {
      kind: 'refused',
      code: 'OVERLOADED',
      detail: 'full',
      isSummedUp: true,
    } as const
    const { app } = routes(accept, () => refused)
    const answers = [await app.request('/hooks/github', post('{}'))]
    answers.push(await app.request('/hooks/github', post('{}')))

    for (const answer of answers) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await answer.json()).toMatchObject({ code: 'OVERLOADED', detail: 'full' })
    }
  })

  test('a visit leaves once it is answered, also where the stage throws', async () => {
    let left = 0
    const { app } = routes(
      () => Promise.reject(new Error('bug')),
      () => ({ ...visit, leave: () => void (left += 1) }),
    )
    await app.request('/hooks/github', post('{}'))
    await app.request('/hooks/nobody', post('{}'))

    expect(left).toBe(2)
  })

  test('an unknown source is 404, and its body is not read', async () => {
    const { app } = routes(accept)

    expect((await app.request('/hooks/nobody', post('{}'))).status).toBe(404)
  })

  test('another method is 405 with Allow', async () => {
    const response = await routes(accept).app.request('/hooks/github')

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('a declared length over the limit is 413', async () => {
    const headers = { 'content-length': String(BODY_BYTES_MAX + 1) }
    const response = await routes(accept).app.request('/hooks/github', post('{}', headers))

    expect(response.status).toBe(413)
  })

  test('an undeclared length over the limit is 413, and no more is read', async () => {
    let pulled = 0
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1
        controller.enqueue(new Uint8Array(100))
      },
    })
    const response = await routes(accept).app.request('/hooks/github', post(endless))

    expect(response.status).toBe(413)
    expect(pulled).toBeLessThanOrEqual(BODY_BYTES_MAX / 100 + 2)
  })

  test('a body of exactly the limit is taken', async () => {
    const { app } = routes(accept)
    const body = new Uint8Array(BODY_BYTES_MAX)
    const stream = new Blob([body]).stream()

    expect((await app.request('/hooks/github', post(body))).status).toBe(202)
    expect((await app.request('/hooks/github', post(stream))).status).toBe(202)
  })

  test('a compressed body is 415', async () => {
    const response = await routes(accept).app.request(
      '/hooks/github',
      post('{}', { 'content-encoding': 'gzip' }),
    )

    expect(response.status).toBe(415)
  })

  test('a challenge is reflected as the provider wants it, and never as a page', async () => {
    const { app } = routes(() =>
      Promise.resolve({
        kind: 'handshake',
        name: 'probe',
        answer: { status: 200, headers: { 'content-type': 'text/plain' }, body: '<b>' },
      }),
    )
    const response = await app.request('/hooks/github', post('{}'))

    expect(await response.text()).toBe('<b>')
    expect(response.headers.get('content-type')).toStartWith('text/plain')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('each delivery writes one line, without its body', async () => {
    const { app, lines } = routes(accept)
    await app.request('/hooks/github', post('{"card":"4242"}'))

    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      event: 'delivery.finished',
      fields: { source: 'github', outcome: 'accepted', eventId: 'e1', commitMs: 1.3 },
    })
    expect(JSON.stringify(lines)).not.toContain('4242')
  })
})

test('anything else is 404, and is kept with its path for who has registered a wrong one', async () => {
  const { app, rejections } = routes(accept)
  const response = await app.request('/hooks/github/', post('{}'))
  await app.request('/hooks/githb', post('{}'))

  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'ROUTE_UNKNOWN' })
  const [route, source] = rejections.map(({ refused }) => refused.cause)
  expect(route).toEndWith(': not /hooks/github/')
  expect(source).toEndWith(': not /hooks/githb')
})
