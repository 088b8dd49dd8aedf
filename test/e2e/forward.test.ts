/**
 * What an edge forwards to a real core node: a process, its file, and a network between them that
 * loses what it is told to.
 */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { FORWARD_BYTES_MAX } from '../../src/limits/edge.ts'
import { openForwarding } from '../../src/entries/forwarding.ts'
import type { NewEvent } from '../../src/event.ts'
import { FORWARD_PATH, writeForwarded } from '../../src/forwarded.ts'
import { randomSecret, randomToken } from '../../src/ids.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { signSample } from '../../src/providers/sign.ts'
import { bytes, sampleEvent } from '../support/stored.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { openTcpGate, type TcpGate } from '../support/tcp-gate.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)
const SOURCE = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const SECRET = `whsec_${randomSecret()}`
const OLDER_SECRET = `whsec_${randomSecret()}`

interface ListedEvent {
  readonly seq: number
  readonly source: string
  readonly eventId: string
  readonly state: string
}

describe('POST /forward of a core node', () => {
  let directory: TempDir
  let core: GatewayProcess
  let gate: TcpGate

  beforeAll(async () => {
    directory = await makeTempDir()
    core = await startGateway({
      command: SOURCE,
      cwd: directory.path,
      env: {
        INLET_SINK: 'file',
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: 'github-secret-0123456789',
        INLET_FORWARD_SECRET: `${SECRET} ${OLDER_SECRET}`,
      },
    })
    gate = await openTcpGate({ host: '127.0.0.1', port: Number(new URL(core.url).port) })
  })
  afterEach(() => gate.open())
  afterAll(async () => {
    await gate[Symbol.asyncDispose]()
    await core.end('SIGKILL')
    await directory[Symbol.asyncDispose]()
  })

  /** Through the gate, as an edge would. */
  function edge({ secret = SECRET, deadlineMs = 30_000 } = {}) {
    const INLET_FORWARD_URL = `http://127.0.0.1:${gate.port}`
    const settings = { INLET_FORWARD_URL, INLET_FORWARD_SECRET: [secret] }
    return openForwarding(settings, { clock: systemClock, deadlineMs })
  }

  async function stored(prefix: string): Promise<readonly ListedEvent[]> {
    const response = await fetch(`${core.adminUrl}/api/events?limit=100&text=${prefix}-`)
    const { events } = (await response.json()) as { readonly events: readonly ListedEvent[] }
    return events.toSorted((a, b) => a.seq - b.seq)
  }

  const idsOf = (events: readonly { readonly eventId: string }[]) => events.map((e) => e.eventId)

  /** Events with ids that no other test has. */
  function batch(count: number, overrides: Partial<NewEvent> = {}) {
    const prefix = randomToken()
    const receivedAt = systemClock.now()
    const events = Array.from({ length: count }, (_, at) =>
      sampleEvent(`${prefix}-${at}`, { receivedAt, ...overrides }),
    )
    return { prefix, events }
  }

  async function postSigned(body: string, changes: Readonly<Record<string, string>> = {}) {
    const row = CATALOGUE.get('standard_webhooks')
    if (row === undefined) throw new Error('there is no such row')
    const { headers } = signSample(row, {
      secret: SECRET,
      body: new TextEncoder().encode(body),
      eventId: `msg_${randomToken()}`,
      type: 'forward',
      now: systemClock.now(),
    })
    return fetch(core.url + FORWARD_PATH, {
      method: 'POST',
      headers: { ...headers, ...changes },
      body,
    })
  }

  test('stores events as the edge made them, and publishes their records', async () => {
    const { prefix, events } = batch(2, {
      records: [
        { topic: 'code.reviews', key: 'r-1', headers: '{"x-team":"a"}', value: bytes('{"n":1}') },
        { topic: 'webhooks.github', key: 'r-1', headers: null, value: null },
      ],
    })
    const ignored = batch(1, { state: 'ignored', reason: 'nobody wants it', records: [] })
    await edge()([...events, ...ignored.events])

    const [first] = await stored(prefix)
    expect(idsOf(await stored(prefix))).toEqual(idsOf(events))
    const shown = await fetch(`${core.adminUrl}/api/events/${first?.seq}`)
    expect(await shown.json()).toMatchObject({
      source: 'github',
      key: 'repository-1',
      state: 'accepted',
      headers: { 'x-github-event': 'push' },
      records: [
        { topic: 'code.reviews', key: 'r-1' },
        { topic: 'webhooks.github', key: 'r-1' },
      ],
    })
    expect(await stored(ignored.prefix)).toMatchObject([{ state: 'ignored' }])
    await core.drained(30_000)
    const lines = await Bun.file(join(directory.path, 'data/topics/code.reviews.ndjson')).text()
    expect(lines).toContain(`${prefix}-0`)
  })

  test('tries a handler again that has asked for it at the edge', async () => {
    const retryAt = systemClock.now()
    const { prefix, events } = batch(1, { state: 'failed', reason: 'again', records: [], retryAt })
    await edge()(events)
    let [event] = await stored(prefix)
    while (event?.state === 'failed') {
      await systemClock.sleep(20)
      ;[event] = await stored(prefix)
    }
    expect(event?.state).toBe('accepted')
  })

  test('takes a second forward of the same events for what it is', async () => {
    const { prefix, events } = batch(20)
    const forward = edge()
    await forward(events)
    await forward(events)
    // Cut in another way: what comes after an answer that was lost.
    await forward(events.slice(5))
    expect(idsOf(await stored(prefix))).toEqual(idsOf(events))
    expect((await postSigned(writeForwarded(events))).status).toBe(200)
  })

  test('knows an event again that its provider delivered here', async () => {
    const eventId = randomToken()
    const row = CATALOGUE.get('github')
    if (row === undefined) throw new Error('there is no such row')
    const { headers, body } = signSample(row, {
      secret: 'github-secret-0123456789',
      eventId,
      type: 'push',
      now: systemClock.now(),
    })
    const delivery = { method: 'POST', headers, body: body.slice() }
    expect((await fetch(`${core.url}/hooks/github`, delivery)).status).toBe(202)
    const response = await postSigned(writeForwarded([sampleEvent(eventId)]))
    expect([response.status, response.headers.get('inlet-duplicate')]).toEqual([200, '1'])
  })

  test('tells events of one short-lived id apart by when the edge had them', async () => {
    const { prefix, events } = batch(1, { eventIdValidMs: 1_000 })
    const [first] = events
    if (first === undefined) throw new Error('there is one')
    // Twice the same alert, far enough apart; and then both again, for want of an answer.
    const alerts = [first, { ...first, receivedAt: first.receivedAt + 1_500 }]
    const forward = edge()
    await forward(alerts)
    await forward(alerts)
    await forward(alerts.slice(1))
    expect(await stored(prefix)).toHaveLength(2)
  })

  test('loses and repeats nothing where the answer is lost, late, or there is no core', async () => {
    const { prefix, events } = batch(30)
    gate.loseNextReply()
    await expect(edge()(events)).rejects.toMatchObject({ code: 'FORWARD_FAILED' })
    await expect(edge()(events)).resolves.toBeUndefined()

    const late = batch(30)
    gate.hold()
    await expect(edge({ deadlineMs: 300 })(late.events)).rejects.toThrow('no answer within 300 ms')
    gate.letGo()
    await edge()(late.events)

    const down = batch(30)
    gate.shut()
    await expect(edge()(down.events)).rejects.toMatchObject({ code: 'FORWARD_FAILED' })
    gate.open()
    await edge()(down.events)

    for (const each of [{ prefix, events }, late, down]) {
      expect(idsOf(await stored(each.prefix))).toEqual(idsOf(each.events))
    }
  })

  test('stores once what several invocations forward at the same time', async () => {
    const { prefix, events } = batch(50)
    const forward = edge()
    const slices = [events, events.slice(10), events.slice(0, 40), events]
    await Promise.all(slices.map((slice) => forward(slice)))
    expect(idsOf(await stored(prefix)).toSorted()).toEqual(idsOf(events).toSorted())
  })

  test('takes nothing that no edge of its own has signed, now', async () => {
    const { prefix, events } = batch(1)
    const strange = edge({ secret: `whsec_${randomSecret()}` })
    await expect(strange(events)).rejects.toThrow('401 NOT_PROVEN')
    const text = writeForwarded(events)
    expect((await fetch(core.url + FORWARD_PATH, { method: 'POST', body: text })).status).toBe(401)
    // Signed over another time: what is replayed later has one that is long gone.
    const replayed = await postSigned(text, { 'webhook-timestamp': '1700000000' })
    expect(replayed.status).toBe(401)
    expect(await stored(prefix)).toEqual([])
    await expect(edge({ secret: OLDER_SECRET })(events)).resolves.toBeUndefined()
    expect(await stored(prefix)).toHaveLength(1)
  })

  test('takes all of a request or nothing, and says what is wrong', async () => {
    const { prefix, events } = batch(1)
    const [event] = events
    const document = JSON.parse(writeForwarded(events)) as { readonly events: readonly object[] }
    const broken = { ...document, events: [...document.events, { ...event, source: 'No Source' }] }
    const response = await postSigned(JSON.stringify(broken))
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'REQUEST_MALFORMED',
      detail: expect.stringContaining('events.1.source'),
    })
    expect((await postSigned(JSON.stringify({ ...document, form: 2 }))).status).toBe(400)
    expect((await postSigned('not json')).status).toBe(400)
    const tooLarge = await postSigned('x'.repeat(FORWARD_BYTES_MAX + 1))
    expect([tooLarge.status, await tooLarge.json()]).toMatchObject([
      413,
      { code: 'FORWARD_TOO_LARGE' },
    ])
    expect((await fetch(core.url + FORWARD_PATH)).status).toBe(405)
    expect(await stored(prefix)).toEqual([])
    expect((await postSigned(writeForwarded([]))).status).toBe(200)
  })
})

test('a gateway without the secret of an edge has no such door', async () => {
  await using directory = await makeTempDir()
  const env = { INLET_SINK: 'file', INLET_EVENTS_TOKEN_SHOP: 'shop-token-0123456789' }
  await using core = await startGateway({ command: SOURCE, cwd: directory.path, env })
  expect((await fetch(core.url + FORWARD_PATH, { method: 'POST' })).status).toBe(404)
})

test('a core node may be there for edges alone', async () => {
  await using directory = await makeTempDir()
  const env = { INLET_SINK: 'file', INLET_FORWARD_SECRET: SECRET }
  await using core = await startGateway({ command: SOURCE, cwd: directory.path, env })
  expect((await fetch(core.url + FORWARD_PATH, { method: 'POST' })).status).toBe(401)
})
