/** The admin API of a gateway in a process of its own. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { EventDetail, EventsPage, TailRow } from '../../src/admin-api/events.ts'
import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)

const ADMIN = 'made-up-admin-token-7f3a'
const SIGNING = 'made-up-signing-secret-91c2'
const EVENTS = 'made-up-events-token-55e0'
const HANDED = 'made-up-bearer-of-a-stranger-3b7d'
const SECRETS = [ADMIN, SIGNING, EVENTS, HANDED]

let directory: Awaited<ReturnType<typeof makeTempDir>>
let gateway: GatewayProcess

beforeAll(async () => {
  directory = await makeTempDir()
  gateway = await startGateway({
    command: [process.execPath, join(import.meta.dir, '../../src/main.ts')],
    cwd: directory.path,
    env: {
      INLET_SINK: 'file',
      INLET_DATA_DIR: join(directory.path, 'data'),
      INLET_ADMIN_TOKEN: ADMIN,
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SIGNING,
      INLET_EVENTS_TOKEN_CRM: EVENTS,
      INLET_KEEP_REJECTED_BODIES: 'true',
    },
  })
})
afterAll(async () => {
  await gateway.end('SIGTERM')
  await directory[Symbol.asyncDispose]()
})

function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${gateway.adminUrl}${path}`, {
    headers: { authorization: `Bearer ${ADMIN}`, ...headers },
  })
}

async function deliver(body: string, secret: string): Promise<number> {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const response = await fetch(`${gateway.url}/hooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${HANDED}`,
      cookie: `session=${HANDED}`,
      'x-hub-signature-256': `sha256=${signature}`,
      'x-github-event': 'push',
      'x-github-delivery': `id-of-${body.length}`,
    },
  })
  await response.text()
  return response.status
}

/** Reads server-sent events until `count` deliveries came. */
async function readTail(response: Response, count: number): Promise<readonly TailRow[]> {
  const rows: TailRow[] = []
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk as Uint8Array)
    const found = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
    rows.splice(0, rows.length, ...found.map((data) => TailRow.parse(JSON.parse(data))))
    if (rows.length >= count) break
  }
  return rows
}

async function published(seq: number): Promise<EventDetail> {
  for (;;) {
    const event = EventDetail.parse(await (await ask(`/api/events/${seq}`)).json())
    if (event.records.every(({ status }) => status === 'published')) return event
    await systemClock.sleep(20)
  }
}

test('an event is seen as it comes, found, and shown with the place where it landed', async () => {
  const tail = await ask('/api/tail')
  expect(tail.headers.get('content-type')).toBe('text/event-stream')
  expect(await deliver('{"n":1}', SIGNING)).toBe(202)
  expect(await deliver('{"n":1}', SIGNING)).toBe(200)
  expect(await deliver('{"n":2}', 'another-secret')).toBe(401)
  const rows = await readTail(tail, 3)
  const event = await published(1)
  const page = EventsPage.parse(await (await ask('/api/events?id=id-of-7')).json())

  expect(rows.map(({ outcome, seq, reason }) => [outcome, seq, reason])).toEqual([
    ['accepted', 1, null],
    ['duplicate', null, null],
    ['refused', null, 'SIGNATURE_MISMATCH'],
  ])
  expect(page.events).toMatchObject([{ seq: 1, source: 'github', type: 'push' }])
  expect(event.records).toMatchObject([
    { topic: 'webhooks.github', status: 'published', landed: { partition: 0, offset: '0' } },
  ])
})

test('no answer holds a secret, whatever is asked', async () => {
  await fetch(`${gateway.url}/events`, {
    method: 'POST',
    body: '{"specversion":"1.0","id":"a","source":"s","type":"t","data":{}}',
    headers: {
      'content-type': 'application/cloudevents+json',
      authorization: `Bearer ${EVENTS}`,
    },
  })
  await deliver('{"n":33}', HANDED)
  const document = (await (await ask('/api/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  const paths = Object.entries(document.paths)
    .filter(([path, methods]) => 'get' in methods && path !== '/api/tail')
    .map(([path]) => path.replace(/\{[^}]*\}/, '1'))
  expect(paths).toContain('/api/events/1/body')

  for (const path of [...paths, '/metrics', '/readyz', '/api/events/2', '/', '/nothing']) {
    for (const response of [await ask(path), await ask(path, { authorization: 'Bearer no' })]) {
      const text = JSON.stringify([...response.headers]) + (await response.text())
      for (const secret of SECRETS) expect([path, text.includes(secret)]).toEqual([path, false])
    }
  }
  for (const secret of SECRETS) expect(JSON.stringify(gateway.log)).not.toContain(secret)
})
