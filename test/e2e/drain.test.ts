/** SIGTERM on the compiled binary: what who is connected, and who waits, may expect. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { randomUuid } from '../../src/ids.ts'
import { builtCommand, startGateway } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)

const SECRET = 'made-up-secret'
const SHUTDOWN_MS = 2_000

let command: readonly string[]
let directory: TempDir

beforeAll(async () => {
  command = builtCommand()
  directory = await makeTempDir()
})
afterAll(() => directory[Symbol.asyncDispose]())

const start = (name: string, env: Readonly<Record<string, string>>) =>
  startGateway({
    command,
    cwd: directory.path,
    env: {
      INLET_DATA_DIR: join(directory.path, name),
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_SHUTDOWN_MS: String(SHUTDOWN_MS),
      ...env,
    },
  })

interface Answer {
  readonly status: number | undefined
  /** The Connection header. */
  readonly connection: string | undefined
  /** Which connection it came over. */
  readonly localPort: number | undefined
}

/** Posts one signed delivery over the agent's connection; rejects where that breaks. */
function post(url: string, agent: Agent): Promise<Answer> {
  const body = '{"repository":{"id":1}}'
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'x-github-event': 'push',
    'x-github-delivery': randomUuid(),
    'x-hub-signature-256': `sha256=${signature}`,
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/hooks/github`, { method: 'POST', agent, headers }, (answer) => {
      const { statusCode: status, headers: answered, socket } = answer
      const { localPort } = socket
      answer.resume()
      answer.on('end', () => resolve({ status, connection: answered.connection, localPort }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('who keeps a connection is answered on it, and asked to let go of it', async () => {
  await using gateway = await start('keep-alive', { INLET_SINK: 'file' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const before = await post(gateway.url, agent)
  const ending = gateway.end('SIGTERM')
  while ((await fetch(`${gateway.adminUrl}/readyz`)).status === 200);
  const during = await post(gateway.url, agent)
  agent.destroy()

  expect(before).toMatchObject({ status: 202, connection: undefined })
  expect(during).toEqual({ ...before, connection: 'close' })
  expect(await ending).toBe(0)
})

test('a broker that never answers holds the end up no longer than the limit', async () => {
  const mute = await listenMutely()
  const { port } = mute.address() as AddressInfo
  try {
    await using gateway = await start('mute', { KAFKA_BROKERS: `127.0.0.1:${port}` })
    const agent = new Agent()
    expect((await post(gateway.url, agent)).status).toBe(202)
    const startedMs = systemClock.monotonicMs()
    const code = await gateway.end('SIGTERM')

    expect(code).toBe(0)
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(SHUTDOWN_MS + 1_500)
    expect(gateway.log.map(({ message }) => message)).not.toContain('gateway.failed')
    expect(gateway.log.at(-1)?.message).toBe('gateway.stopped')
  } finally {
    mute.close()
  }
})

test('a timer that a handler file left behind does not keep the process', async () => {
  const handlers = join(directory.path, 'restless-handlers')
  mkdirSync(handlers)
  writeFileSync(
    join(handlers, 'github.ts'),
    `import { defineSource } from 'inlet'
     setInterval(() => undefined, 1_000)
     const events = { '*': { topic: 'webhooks.github' } }
     export default defineSource('github', { provider: 'github', events })`,
  )
  const env = { INLET_SINK: 'file', INLET_HANDLERS_DIR: handlers }
  await using gateway = await start('restless', env)
  expect(await gateway.end('SIGTERM')).toBe(0)
  expect(gateway.log.at(-1)?.message).toBe('gateway.stopped')
})

/** Stands in for a broker that takes connections and says nothing: no real one can be told to. */
async function listenMutely(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
