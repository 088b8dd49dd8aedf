/**
 * The Worker in workerd with D1, in front of a real core node: all that it acknowledges arrives
 * there once, whatever happens to D1, the core, and the network between.
 */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { EDGE_BODY_BYTES_MAX } from '../../src/limits/edge.ts'
import { randomSecret, randomToken } from '../../src/ids.ts'
import { ask, cloudEvent, deliver } from '../conformance/http-requests.ts'
import {
  HANDLERS_DIRECTORY,
  HTTP_ENV,
  PROVIDERS,
  signed,
  TOKENS,
  type SourceName,
} from '../conformance/http-setup.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { openTcpGate, type TcpGate } from '../support/tcp-gate.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { startWorker, type TestWorker } from '../support/worker.ts'

setDefaultTimeout(60_000)
const CORE = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const FORWARD_SECRET = `whsec_${randomSecret()}`

/** What the core shows of an event. */
interface CoreEvent {
  readonly seq: number
  readonly source: string
  readonly eventId: string
  readonly type: string
  readonly state: string
  readonly bodyBytes: number
}

describe('the Worker in front of a core node', () => {
  let directory: TempDir
  let core: GatewayProcess
  let gate: TcpGate
  let worker: TestWorker
  /** Every id that was acknowledged, by the only one who sends. */
  const ledger: string[] = []

  beforeAll(async () => {
    directory = await makeTempDir()
    core = await startGateway({
      command: CORE,
      cwd: directory.path,
      env: {
        INLET_SINK: 'file',
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: randomSecret(),
        INLET_FORWARD_SECRET: FORWARD_SECRET,
      },
    })
    gate = await openTcpGate({ host: '127.0.0.1', port: Number(new URL(core.url).port) })
    worker = await startWorker({
      handlersDirectory: HANDLERS_DIRECTORY,
      env: {
        ...HTTP_ENV,
        INLET_LOG_DELIVERIES: 'true',
        INLET_BODY_BYTES_MAX: String(EDGE_BODY_BYTES_MAX),
        INLET_SINK: 'forward',
        INLET_FORWARD_URL: `http://127.0.0.1:${gate.port}`,
        INLET_FORWARD_SECRET: FORWARD_SECRET,
      },
    })
  })
  afterEach(() => gate.open())
  afterAll(async () => {
    await worker[Symbol.asyncDispose]()
    await gate[Symbol.asyncDispose]()
    await core.end('SIGKILL')
    await directory[Symbol.asyncDispose]()
  })

  /** Sends as many deliveries, side by side; each has to be acknowledged. */
  async function send(count: number, source: SourceName = 'github'): Promise<readonly string[]> {
    const ids = Array.from({ length: count }, () => randomToken())
    await Promise.all(
      ids.map(async (eventId) => {
        const { status } = await deliver(worker, source, signed(source, { eventId }))
        expect(status).toBe(202)
        ledger.push(eventId)
      }),
    )
    return ids
  }

  async function coreEvents(): Promise<readonly CoreEvent[]> {
    const found: CoreEvent[] = []
    let before = ''
    for (;;) {
      const page = await fetch(`${core.adminUrl}/api/events?limit=500${before}`)
      const { events, nextBefore } = (await page.json()) as {
        readonly events: readonly CoreEvent[]
        readonly nextBefore: number | null
      }
      found.push(...events)
      if (nextBefore === null) return found
      before = `&before=${nextBefore}`
    }
  }

  /** How often each of these ids is in the core. */
  async function arrivals(ids: readonly string[]): Promise<ReadonlySet<number>> {
    const events = await coreEvents()
    return new Set(ids.map((id) => events.filter(({ eventId }) => eventId === id).length))
  }

  const ONCE = new Set([1])

  /** Rings as a schedule does, until these are in the core: another pass may be under way. */
  async function caughtUp(ids: readonly string[]): Promise<ReadonlySet<number>> {
    for (;;) {
      await worker.schedule()
      const counts = await arrivals(ids)
      if (!counts.has(0)) return counts
    }
  }

  test('what ten providers sign is handled here and stored there', async () => {
    const sources = Object.keys(PROVIDERS) as (keyof typeof PROVIDERS)[]
    for (const source of sources) {
      const delivery = signed(source, { eventId: source })
      const first = await deliver(worker, source, delivery)
      const again = await deliver(worker, source, delivery)
      expect([source, first.status < 300, again.headers.get('inlet-duplicate')]).toEqual([
        source,
        true,
        '1',
      ])
    }
    const ofProviders = async () => (await coreEvents()).filter(({ source }) => source in PROVIDERS)
    while ((await ofProviders()).length < sources.length) await worker.schedule()
    const stored = await ofProviders()
    expect(stored.map(({ source }) => source).toSorted()).toEqual(sources.toSorted())
    expect(new Set(stored.map(({ state }) => state))).toEqual(new Set(['accepted']))
  })

  test('the largest body that is taken arrives byte for byte', async () => {
    const eventId = randomToken()
    const body = JSON.stringify('x'.repeat(EDGE_BODY_BYTES_MAX - 2))
    const { status } = await deliver(worker, 'github', signed('github', { eventId, body }))
    expect(status).toBe(202)
    ledger.push(eventId)
    expect(await caughtUp([eventId])).toEqual(ONCE)
    const stored = (await coreEvents()).find((event) => event.eventId === eventId)
    expect(stored?.bodyBytes).toBe(EDGE_BODY_BYTES_MAX)
  })

  test('it says that it lives', async () => {
    expect(await (await fetch(`${worker.url}/healthz`)).json()).toEqual({ ok: true })
  })

  test('a sender that goes away leaves nothing behind that another one meets', async () => {
    const event = cloudEvent({ type: 'order.slow' })
    const headers = {
      authorization: `Bearer ${TOKENS.orders}`,
      'content-type': 'application/cloudevents+json',
      'idempotency-key': randomToken(),
    }
    const gone = new AbortController()
    const send = (signal?: AbortSignal) =>
      ask(`${worker.url}/events`, {
        method: 'POST',
        headers,
        body: JSON.stringify(event),
        ...(signal === undefined ? {} : { signal }),
      })
    // Of several with one key one is taken, and dawdles; then all of their senders are gone.
    const requests = Array.from({ length: 3 }, () => send(gone.signal))
    expect((await Promise.any(requests)).status).toBe(409)
    gone.abort()
    await Promise.allSettled(requests)
    let { status } = await send()
    while (status === 409) {
      await Bun.sleep(10)
      ;({ status } = await send())
    }
    expect(status).toBe(202)
  })

  test('an event goes on straight after its answer, without the schedule', async () => {
    const [id = ''] = await send(1)
    // Waits for the event, not for a time: the test's own deadline is what fails.
    while ((await arrivals([id])).has(0)) await Bun.sleep(10)
    expect(await arrivals([id])).toEqual(ONCE)
  })

  test('a core that is down costs nothing: the schedule catches up', async () => {
    gate.shut()
    const ids = await send(40)
    await worker.schedule()
    expect(await arrivals(ids)).toEqual(new Set([0]))
    await worker.logged('"code":"FORWARD_FAILED"')
    await worker.logged('"message":"edge.lag"')
    gate.open()
    expect(await caughtUp(ids)).toEqual(ONCE)
  })

  test('an answer that is lost is asked for again, and nothing is stored twice', async () => {
    gate.loseNextReply()
    const ids = await send(20)
    expect(await caughtUp(ids)).toEqual(ONCE)
  })

  test('a slow core holds up no answer', async () => {
    gate.hold()
    const ids = await send(20)
    gate.letGo()
    expect(await caughtUp(ids)).toEqual(ONCE)
  })

  test('workerd that is ended in the middle of it loses nothing', async () => {
    gate.shut()
    const ids = await send(20)
    await worker.crash()
    gate.open()
    // What was ended in the middle of a pass has the lease for a minute: here it is over at once.
    const database = await worker.database()
    await database.batch([database.prepare('UPDATE leases SET expires_at = 0')])
    expect(await caughtUp(ids)).toEqual(ONCE)
  })

  test('D1 stores all of a delivery or nothing, and it is said that it may come again', async () => {
    const database = await worker.database()
    const rows = async () => {
      const counts = ['inbox', 'outbox', 'chunks', 'identities'].map((table) =>
        database.prepare(`SELECT count(*) AS n FROM ${table}`),
      )
      return (await database.batch(counts)).map(({ results }) => JSON.stringify(results))
    }
    expect(await caughtUp(ledger)).toEqual(ONCE)
    const before = await rows()
    // The inbox is the last table of the batch: all the others have been written by then.
    await database.batch([
      database.prepare(
        "CREATE TRIGGER injected BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'injected'); END",
      ),
    ])
    const eventId = randomToken()
    const delivery = signed('github', { eventId })
    const refused = await deliver(worker, 'github', delivery)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await rows()).toEqual(before)

    await database.batch([database.prepare('DROP TRIGGER injected')])
    expect((await deliver(worker, 'github', delivery)).status).toBe(202)
    ledger.push(eventId)
    expect(await caughtUp([eventId])).toEqual(ONCE)
  })

  test('all that was acknowledged is in the core, once', async () => {
    const events = await coreEvents()
    const ids = new Set(events.map(({ eventId }) => eventId))
    const lost = ledger.filter((id) => !ids.has(id))
    const twice = events.length - new Set(events.map((e) => `${e.source} ${e.eventId}`)).size

    expect({ lost: lost.length, twice }).toEqual({ lost: 0, twice: 0 })
    expect(ledger.length).toBeGreaterThan(100)
  })
})

test('a Worker whose configuration is wrong says so in its log, and takes nothing', async () => {
  await using worker = await startWorker({
    handlersDirectory: HANDLERS_DIRECTORY,
    env: { ...HTTP_ENV, INLET_SINK: 'forward' },
  })
  const { status } = await deliver(worker, 'github', signed('github'))
  expect(status).toBe(503)
  await worker.logged('INLET_FORWARD_URL is required where INLET_SINK=forward')
})
