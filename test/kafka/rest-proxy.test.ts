import { afterAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { openRestPublisher } from '../../src/kafka/rest-proxy.ts'
import type { PublishRecord } from '../../src/record.ts'

/**
 * A REST proxy that answers what a test wants: the real one cannot be had, and not on command
 * either. What it takes is in test/conformance/publisher.ts.
 */
const requests: { readonly topic: string; readonly body: string; readonly login: string | null }[] =
  []
let answer: (records: number) => Response = () => new Response()
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const [, topic = ''] = /\/topics\/([^/]+)\//.exec(request.url) ?? []
    const body = await request.text()
    requests.push({ topic, body, login: request.headers.get('authorization') })
    return answer(body.split('\n').length)
  },
})
afterAll(() => server.stop(true))

const url = `http://127.0.0.1:${server.port}/v3/clusters/c`
const publisher = openRestPublisher({ url, clock: systemClock })

function record(key: string, topic = 't'): PublishRecord {
  return { topic, key, value: new TextEncoder().encode('{}'), headers: {} }
}

/** Reports with these codes, one after the other, offsets from 5. */
function reports(...codes: readonly number[]): string {
  return codes
    .map((error_code, at) => {
      const place = { partition_id: 0, offset: 5 + at, message: 'a "}{" in it' }
      return JSON.stringify({ error_code, ...place })
    })
    .join('')
}

const ok = (records: number) => new Response(reports(...Array.from({ length: records }, () => 200)))

test('no request holds two records of a key, and each goes to its topic', async () => {
  requests.length = 0
  answer = ok
  const records = [record('a'), record('b'), record('a'), record('a', 'u'), record('a')]
  const landed = await publisher.publish(records)

  expect(requests.map(({ topic, body }) => [topic, body.split('\n').length])).toEqual([
    ['t', 2],
    ['t', 1],
    ['u', 1],
    ['t', 1],
  ])
  expect(landed.flatMap(({ positions }) => positions).toSorted((a, b) => a - b)).toEqual([
    0, 1, 2, 3, 4,
  ])
})

test('each record’s own code counts, whatever the status', async () => {
  const cases = [
    [reports(200, 413), 'RECORD_REJECTED'],
    [reports(200, 40002), 'RECORD_REJECTED'],
    [reports(200, 42207), 'RECORD_REJECTED'],
    [reports(200, 40403), 'TOPIC_REJECTED'],
    [reports(200, 40301), 'TOPIC_REJECTED'],
    [reports(200, 401), 'BROKER_UNAVAILABLE'],
    [reports(200, 429), 'BROKER_UNAVAILABLE'],
    [reports(200, 50002), 'BROKER_UNAVAILABLE'],
    // A report is missing, or says nothing of where it landed.
    [reports(200), 'BROKER_UNAVAILABLE'],
    [`${reports(200)}{"error_code":200}`, 'BROKER_UNAVAILABLE'],
    ['not JSON {', 'BROKER_UNAVAILABLE'],
  ] as const
  for (const [text, code] of cases) {
    answer = () => new Response(text)
    const publishing = publisher.publish([record('a'), record('b')])
    await expect(publishing).rejects.toMatchObject({ code })
  }
})

test('after a record that is refused nothing more of its key is sent', async () => {
  requests.length = 0
  answer = () => new Response(reports(413))
  await expect(publisher.publish([record('a'), record('a')])).rejects.toThrow()
  expect(requests).toHaveLength(1)
})

test('the status of a request counts where it is not 200', async () => {
  const cases = [
    [400, 'RECORD_REJECTED'],
    [422, 'RECORD_REJECTED'],
    [401, 'BROKER_UNAVAILABLE'],
    [403, 'TOPIC_REJECTED'],
    [404, 'TOPIC_REJECTED'],
    [413, 'RECORD_REJECTED'],
    [302, 'BROKER_UNAVAILABLE'],
    [503, 'BROKER_UNAVAILABLE'],
  ] as const
  for (const [status, code] of cases) {
    answer = () => new Response(reports(200), { status, headers: { location: '/elsewhere' } })
    await expect(publisher.publish([record('a')])).rejects.toMatchObject({ code })
  }
})

test('a proxy that does not answer in time is away', async () => {
  const { promise, resolve } = Promise.withResolvers<Response>()
  answer = () => new Response(new ReadableStream({ pull: () => promise.then(() => undefined) }))
  const slow = openRestPublisher({ url, clock: systemClock, deadlineMs: 50 })
  await expect(slow.publish([record('a')])).rejects.toThrow('no outcome within 50 ms')
  resolve(new Response())
})

test('it logs in as it is told', async () => {
  requests.length = 0
  answer = ok
  const login = { username: 'key', password: 'sécret' }
  await openRestPublisher({ url, login, clock: systemClock }).publish([record('a')])
  const expected = `Basic ${Buffer.from('key:sécret').toString('base64')}`
  expect(requests.map((request) => request.login)).toEqual([expected])
})
