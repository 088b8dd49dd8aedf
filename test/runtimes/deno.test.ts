import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { describeHttp } from '../conformance/http.ts'
import { deliver, verdict } from '../conformance/http-requests.ts'
import { HANDLERS_DIRECTORY, HTTP_ENV, signed } from '../conformance/http-setup.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { DENO_ENV, denoCommand, ROOT } from './deno-command.ts'
import { openingProcesses } from './processes.ts'

setDefaultTimeout(60_000)
const DRAIN_MS_MAX = 30_000
const SOURCE = 'standard_webhooks'
/** The source of a handler that a test lets go. */
const HELD = 'tickets'
const IMPORTS_ZOD = `
import { defineSource, on } from 'inlet'
import { z } from 'zod'
import { int } from 'zod/v4'

export default defineSource('tickets', {
  provider: 'standard_webhooks',
  events: { 'ticket.opened': on(z.object({ number: int() }), () => []) },
})`
const BODY = '{"type":"invoice.paid"}'

describeHttp(
  { runtime: 'Deno' },
  openingProcesses({ command: denoCommand, cwd: ROOT, env: DENO_ENV }),
)

describe('on Deno', () => {
  let folder: TempDir
  beforeAll(async () => {
    folder = await makeTempDir()
  })
  afterAll(() => folder[Symbol.asyncDispose]())

  function start(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
    const own = { ...DENO_ENV, INLET_SINK: 'file', INLET_HANDLERS_DIR: HANDLERS_DIRECTORY }
    const command = denoCommand()
    return startGateway({ command, cwd: ROOT, env: { ...HTTP_ENV, ...own, ...env } })
  }

  test('what is configured wrongly refuses the start, all of it at once', async () => {
    const wrong = { INLET_SECRET_POSTAL: 'not-a-secret', INLET_RETENTION_DAY: '1' }
    const refused = await start(wrong).catch((error: Error) => error.message)
    expect(refused).toContain('ended with 1')
    expect(refused).toContain('INLET_SECRET_POSTAL')
    expect(refused).toContain('did you mean INLET_RETENTION_DAYS?')
  })

  test('what edges would forward to it refuses the start: it has no POST /forward', async () => {
    const refused = await start({
      INLET_FORWARD_SECRET: `whsec_${'A'.repeat(43)}=`,
      INLET_DATA_DIR: join(folder.path, 'forward'),
    }).catch((error: Error) => error.message)
    expect(refused).toContain('INLET_FORWARD_SECRET does nothing here')
  })

  test('a handler file outside of the program imports zod as on Bun', async () => {
    const handlers = join(folder.path, 'zod')
    await Bun.write(join(handlers, 'tickets.ts'), IMPORTS_ZOD)
    const env = { INLET_DATA_DIR: join(folder.path, 'zod-data'), INLET_HANDLERS_DIR: handlers }
    await using gateway = await start(env)
    const body = '{"type":"ticket.opened","number":"one"}'
    expect((await deliver(gateway, 'tickets', signed('tickets', { body }))).status).toBe(202)
  })

  test('a data directory has one owner', async () => {
    const env = { INLET_DATA_DIR: join(folder.path, 'owned') }
    await using owner = await start(env)
    expect(owner.log.at(-1)).toBeDefined()
    const refused = await start(env).catch((error: Error) => error.message)
    expect(refused).toContain('ended with 1')
    expect(refused).toContain('inlet.lock.db')
  })

  describeWithKafka('and a real Kafka', (brokers) => {
    let topic: string
    beforeAll(async () => {
      topic = await createTopic({ brokers, prefix: 'deno' })
    })
    afterAll(() => deleteTopics(brokers, [topic]))

    const startWithKafka = (env: Readonly<Record<string, string>> = {}) =>
      start({
        INLET_SINK: 'kafka',
        INLET_DATA_DIR: join(folder.path, 'kafka'),
        KAFKA_BROKERS: brokers,
        INLET_TOPIC_STANDARD_WEBHOOKS: topic,
        ...env,
      })

    test('all that was acknowledged before kill -9 is published after it, and known', async () => {
      const acknowledged = new Set<string>()
      const first = await startWithKafka()
      const ids = Array.from({ length: 400 }, (_, at) => `msg_${at}`)
      const killed = Promise.withResolvers<void>()
      const sending = ids.map(async (eventId) => {
        const delivery = signed(SOURCE, { eventId, body: BODY })
        const answer = await deliver(first, SOURCE, delivery).catch(() => undefined)
        if (answer?.status === 202) acknowledged.add(eventId)
        if (acknowledged.size === 100) killed.resolve()
      })
      await killed.promise
      await first.end('SIGKILL')
      await Promise.all(sending)

      await using second = await startWithKafka()
      await second.drained(DRAIN_MS_MAX)
      const published = (await readTopic(brokers, topic)).map(({ headers }) => headers['ce_id'])
      expect(acknowledged.size).toBeGreaterThanOrEqual(100)
      expect([...acknowledged].filter((id) => !published.includes(id))).toEqual([])
      for (const eventId of acknowledged) {
        const again = signed(SOURCE, { eventId, body: BODY })
        expect(verdict(await deliver(second, SOURCE, again))).toEqual([200, '1'])
      }
    })

    test('SIGTERM answers what is in flight, publishes it, and ends in order', async () => {
      const entered = Promise.withResolvers<void>()
      const leave = Promise.withResolvers<void>()
      await using gate = stopping(
        Bun.serve({
          port: 0,
          async fetch() {
            entered.resolve()
            await leave.promise
            return new Response()
          },
        }),
      )
      const handlers = join(folder.path, 'held')
      await Bun.write(join(handlers, 'held.ts'), heldHandler(gate.url, topic))
      await using gateway = await startWithKafka({ INLET_HANDLERS_DIR: handlers })
      const eventId = 'msg_last'
      const answer = deliver(gateway, HELD, signed(HELD, { eventId, body: BODY }))
      await entered.promise
      const ended = gateway.end('SIGTERM')
      await draining(gateway)
      leave.resolve()
      expect((await answer).status).toBe(202)
      expect(await ended).toBe(0)

      expect(gateway.log.at(-1)).toMatchObject({ message: 'gateway.stopped', code: 0 })
      const [last] = (await readTopic(brokers, topic)).filter(
        ({ headers }) => headers['ce_id'] === eventId,
      )
      expect(last?.value.toString()).toBe(BODY)
      expect(last?.headers).toMatchObject({ ce_source: HELD, ce_type: 'invoice.paid' })
      expect(last?.key).toBe(eventId)
    })
  })
})

/** A handler that is under way until the gate lets it go. */
function heldHandler(gate: string, topic: string): string {
  return `
import { defineSource, on, z } from 'inlet'

export default defineSource('${HELD}', {
  provider: '${SOURCE}',
  events: {
    'invoice.paid': on(z.unknown(), async () => {
      await fetch('${gate}')
      return { topic: '${topic}' }
    }),
  },
})`
}

function stopping(server: Bun.Server<undefined>) {
  return { url: server.url.href, [Symbol.asyncDispose]: () => server.stop(true) }
}

/** Resolves once the gateway has been told to stop, and has not ended yet. */
async function draining({ adminUrl }: GatewayProcess): Promise<void> {
  let state = ''
  while (state !== 'draining') {
    const health = (await (await fetch(`${adminUrl}/readyz`)).json()) as { state: string }
    state = health.state
  }
}
