import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Webhook } from 'standardwebhooks'
import { openNotices, type NoticesPorts } from '../../src/alarms/notices.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLog, type LogFields } from '../../src/log.ts'
import { openCallOut } from '../../src/outbound/call-out.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { signSample } from '../../src/providers/sign.ts'
import { NOTICE_TRIES_MAX, NOTICES_MAX } from '../../src/limits/observing.ts'
import { issue, makeAuthority } from '../support/certificates.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const SECRET = `whsec_${Buffer.from('a made-up secret of 32 bytes ...').toString('base64')}`
const raised = {
  kind: 'raised',
  at: Date.UTC(2026, 0, 1),
  alarm: { name: 'kafka_down', subject: 'kafka', since: Date.UTC(2026, 0, 1), text: 'it is down' },
} as const

function sign(id: string, body: Uint8Array): Readonly<Record<string, string>> {
  const row = CATALOGUE.get('standard_webhooks')
  if (row === undefined) throw new Error('the catalogue has it')
  const now = systemClock.now()
  return signSample(row, { secret: SECRET, body, eventId: id, type: 'alarm', now }).headers
}

describe('a notice of an alarm', () => {
  let folder: TempDir
  let ca: string
  let server: ReturnType<typeof Bun.serve>
  const said = Promise.withResolvers<{ headers: Record<string, string>; body: string }>()

  beforeAll(async () => {
    folder = await makeTempDir()
    const authority = makeAuthority(folder.path, 'authority')
    const { cert, key } = issue(authority, folder.path, 'server', 'DNS:alarms.example.test')
    ca = readFileSync(authority.cert, 'utf8')
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      async fetch(request) {
        said.resolve({ headers: Object.fromEntries(request.headers), body: await request.text() })
        return new Response(null, { status: 204 })
      },
    })
  })
  afterAll(async () => {
    await server.stop(true)
    await folder[Symbol.asyncDispose]()
  })

  test('is signed so that any library of Standard Webhooks verifies it', async () => {
    const resolve = () => Promise.resolve(['127.0.0.1'])
    const callOut = openCallOut({ clock: systemClock, resolve, mayConnect: () => true, ca })
    const url = `https://alarms.example.test:${server.port}/inlet`
    const notices = openNotices({
      clock: systemClock,
      log: silentLog,
      callOut,
      url,
      node: 'node-1',
      newId: () => 'msg_1',
      sign,
    })
    const over = new AbortController()
    const running = notices.run(over.signal)
    notices.notice(raised)
    const { headers, body } = await said.promise
    over.abort()
    await running

    expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({
      type: 'alarm.raised',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { node: 'node-1', name: 'kafka_down', subject: 'kafka', text: 'it is down' },
    })
    expect(headers['webhook-id']).toBe('msg_1')
  })
})

/** A reader that answers as the test says, and says when it was asked: no real one fails so. */
function world(answer: (call: number) => number) {
  const clock = manualClock()
  const lines: [event: string, fields: LogFields | undefined][] = []
  const bodies: string[] = []
  let underWay = 0
  let id = 0
  const ports: NoticesPorts = {
    clock,
    log: { ...silentLog, error: (event, fields) => void lines.push([event, fields]) },
    url: 'https://alarms.example.test/',
    node: 'node-1',
    newId: () => `msg_${(id += 1)}`,
    sign: () => ({}),
    async callOut({ body = '' }) {
      expect((underWay += 1)).toBe(1)
      bodies.push(body)
      await Promise.resolve()
      underWay -= 1
      return { status: answer(bodies.length), body: new Uint8Array() }
    },
  }
  return { clock, lines, bodies, notices: openNotices(ports) }
}

/** Lets everything run that does not wait for the clock. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a reader that fails', () => {
  test('is asked again with pauses, and given up in the end', async () => {
    const { clock, lines, bodies, notices } = world(() => 503)
    const over = new AbortController()
    const running = notices.run(over.signal)
    notices.notice(raised)
    for (let tries = 1; tries <= NOTICE_TRIES_MAX; tries += 1) {
      await settled()
      expect(bodies).toHaveLength(tries)
      clock.advance(10 * 60_000)
    }
    await settled()
    expect(bodies).toHaveLength(NOTICE_TRIES_MAX)
    expect(lines).toMatchObject([['alarm.unsaid', { id: 'msg_1', tries: NOTICE_TRIES_MAX }]])
    over.abort()
    await running
  })

  test('keeps no more than so many waiting, and those in order', async () => {
    const { lines, bodies, notices } = world(() => 200)
    for (let each = 0; each < NOTICES_MAX + 5; each += 1) {
      const alarm = { ...raised.alarm, subject: String(each) }
      notices.notice({ ...raised, alarm })
    }
    expect(lines).toHaveLength(5)
    const over = new AbortController()
    const running = notices.run(over.signal)
    await settled()
    over.abort()
    await running
    const subjects = bodies.map((body) => Number(/"subject":"(\d+)"/.exec(body)?.[1]))
    expect(subjects).toEqual(Array.from({ length: NOTICES_MAX }, (_, at) => at + 5))
  })
})
