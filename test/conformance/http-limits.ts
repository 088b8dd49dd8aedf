/** What is answered to requests that are not taken: unknown places, and too much of anything. */
import { expect } from 'bun:test'
import { ask, comingFrom, deliver, problemOf, verdict } from './http-requests.ts'
import { BODY_BYTES_MAX, HTTP_ENV, signed, type FindTarget, type OpenHttp } from './http-setup.ts'
import type { DeclareCase } from './suite.ts'

/** More than REFUSED_BURST, and what comes back of it on a slow machine. */
const REFUSED_MAX = 500

const START_MS_MAX = 60_000

export function declareLimitCases(
  declareCase: DeclareCase,
  find: FindTarget,
  open: OpenHttp,
): void {
  declareCase('there is no such source, path or method: 404, 405', async () => {
    const at = (path: string, method: string) =>
      ask(`${find().url}${path}`, { method, headers: comingFrom('203.0.113.3') })
    const source = problemOf(await at('/hooks/nobody', 'POST'))
    const path = problemOf(await at('/nowhere', 'POST'))
    const [hook, events] = [await at('/hooks/github', 'GET'), await at('/events', 'PUT')]

    expect(source).toMatchObject({ status: 404, code: 'SOURCE_UNKNOWN' })
    expect(path).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' })
    for (const answer of [hook, events]) {
      expect(problemOf(answer)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' })
      expect(answer.headers.get('allow')).toBe('POST')
    }
  })

  declareCase('a body over the limit is refused, declared or not: 413', async () => {
    const body = 'x'.repeat(BODY_BYTES_MAX + 1)
    const full = signed('github', { body: JSON.stringify('x'.repeat(BODY_BYTES_MAX - 2)) })
    const headers = comingFrom('203.0.113.4')
    const chunked = new Response(body).body
    const answers = [
      await ask(`${find().url}/hooks/github`, { method: 'POST', headers, body }),
      await ask(`${find().url}/hooks/github`, { method: 'POST', headers, body: chunked }),
    ]

    for (const answer of answers) {
      expect(problemOf(answer)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' })
    }
    expect(full.body.byteLength).toBe(BODY_BYTES_MAX)
    expect(verdict(await deliver(find(), 'github', full))).toEqual([202, null])
  })

  declareCase('a body whose length is not declared is taken, byte for byte', async () => {
    const { headers, body } = signed('github')
    const chunked = new Response(Buffer.from(body)).body
    const init = { method: 'POST', headers: { ...headers }, body: chunked }
    const first = await ask(`${find().url}/hooks/github`, init)

    expect(verdict(first)).toEqual([202, null])
    expect(verdict(await deliver(find(), 'github', { headers, body }))).toEqual([200, '1'])
  })

  declareCase('a compressed body is refused: 415', async () => {
    const { headers, body } = signed('github')
    const compressed = {
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: Bun.gzipSync(Buffer.from(body)),
    }
    const answer = await deliver(find(), 'github', compressed, { from: '203.0.113.5' })
    expect(problemOf(answer)).toMatchObject({ status: 415, code: 'ENCODING_UNSUPPORTED' })
  })

  declareCase('a body that never ends is cut off: 408', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"never":')),
    })
    const headers = comingFrom('203.0.113.6')
    const init = { method: 'POST', headers, body: stream }
    const answer = await ask(`${find().url}/hooks/github`, init)
    expect(problemOf(answer)).toMatchObject({ status: 408, code: 'BODY_TOO_SLOW' })
  })

  declareCase('an address that proves nothing is slowed down, and nobody else: 429', async () => {
    const forged = { ...signed('github'), headers: { 'content-type': 'application/json' } }
    let answer = await deliver(find(), 'github', forged, { from: '203.0.113.7' })
    for (let sent = 1; sent < REFUSED_MAX && answer.status === 401; sent += 1) {
      answer = await deliver(find(), 'github', forged, { from: '203.0.113.7' })
    }
    const other = await deliver(find(), 'github', forged, { from: '203.0.113.8' })
    const genuine = await deliver(find(), 'github', signed('github'), { from: '203.0.113.7' })

    expect(problemOf(answer)).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([other.status, genuine.status]).toEqual([401, 202])
  })

  declareCase(
    'where it cannot be stored, it is said that it may come again: 503',
    async () => {
      const tooMuch = String(Number.MAX_SAFE_INTEGER)
      await using full = await open({ ...HTTP_ENV, INLET_DISK_FREE_MIN_BYTES: tooMuch })
      const answer = await deliver(full, 'github', signed('github'))
      expect(problemOf(answer)).toMatchObject({ status: 503, code: 'DISK_LOW' })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    },
    START_MS_MAX,
  )
}
