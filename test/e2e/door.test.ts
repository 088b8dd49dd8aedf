/** The limits of the compiled binary, met by floods, slow senders, broken ones and a full disk. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { randomUuid } from '../../src/ids.ts'
import { builtCommand, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { testWithMounts } from '../support/mounts.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)

const SECRET = 'made-up-secret'
const MEBIBYTE = 1024 * 1024
const BASE = { INLET_SOURCES: 'github', INLET_SECRET_GITHUB: SECRET, INLET_SINK: 'file' }

let command: readonly string[]
let directory: TempDir

beforeAll(async () => {
  command = builtCommand()
  directory = await makeTempDir()
})
afterAll(() => directory[Symbol.asyncDispose]())

function start(env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const INLET_DATA_DIR = join(directory.path, randomUuid())
  return startGateway({ command, cwd: directory.path, env: { ...BASE, INLET_DATA_DIR, ...env } })
}

interface Sent {
  readonly body?: string
  readonly secret?: string
  /** Written into X-Forwarded-For, as a proxy would. */
  readonly from?: string
}

async function send(gateway: GatewayProcess, sent: Sent = {}): Promise<Response> {
  const { body = '{}', secret = SECRET, from } = sent
  const response = await fetch(`${gateway.url}/hooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUuid(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
    },
  })
  await response.arrayBuffer()
  return response
}

interface DoorStatus {
  readonly openRequests: number
  readonly inflightBytes: number
  readonly diskIsLow: boolean
}

/** Asks until the door says what is waited for; the test's own time limit ends a vain wait. */
async function waitFor(gateway: GatewayProcess, holds: (door: DoorStatus) => boolean) {
  for (;;) {
    const response = await fetch(`${gateway.adminUrl}/readyz`)
    const health = (await response.json()) as { ready: boolean; door: DoorStatus }
    if (holds(health.door)) return { status: response.status, ready: health.ready }
    await systemClock.sleep(10)
  }
}

/** Declares a body, sends its first bytes, and then no more. */
function startBody(gateway: GatewayProcess, bytes: { declared: number; sent: number }) {
  const { hostname, port } = new URL(gateway.url)
  const socket: Socket = connect(Number(port), hostname)
  const closed = Promise.withResolvers<string>()
  let answer = ''
  socket.on('data', (data) => (answer += data.toString()))
  // A reset is one way to be closed.
  socket.on('error', () => undefined)
  socket.on('close', () => closed.resolve(answer))
  socket.write(
    `POST /hooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.declared}\r\n\r\n${'x'.repeat(bytes.sent)}`,
  )
  return { socket, closed: closed.promise }
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

test('a flood from one address is refused at the door, another address passes', async () => {
  await using gateway = await start({
    INLET_TRUSTED_PROXIES: '127.0.0.1',
    INLET_RATE_PER_ADDRESS: '1',
    INLET_CONNECTIONS_MAX: '100',
  })
  const flood = { secret: 'guessed-secret', from: '203.0.113.7' }
  const answers: Response[] = []
  for (let n = 0; n < 20; n += 1) {
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => send(gateway, flood)))))
  }

  const refused = answers.filter(({ status }) => status === 429)
  expect(answers.length - refused.length).toBeLessThan(100)
  expect(refused.every((answer) => Number(answer.headers.get('retry-after')) >= 1)).toBe(true)
  expect((await send(gateway, { from: '198.51.100.1' })).status).toBe(202)
  // What the sender itself wrote to the left does not help it. A token a second comes back, so
  // one of these may pass.
  const forged = Array.from({ length: 20 }, () =>
    send(gateway, { from: '198.51.100.1, 203.0.113.7' }),
  )
  expect((await Promise.all(forged)).map(({ status }) => status)).toContain(429)
  await gateway.end('SIGTERM')
  const logged = gateway.log.filter(({ message }) => message === 'delivery.finished')
  expect(logged.length).toBeLessThan(150)
})

test('guesses are answered 429, and what is genuine from the same address passes', async () => {
  await using gateway = await start()
  const guesses: number[] = []
  for (let n = 0; n < 80; n += 1) {
    guesses.push((await send(gateway, { secret: `guess-number-${n}` })).status)
  }

  expect(guesses.slice(0, 50)).toEqual(Array<number>(50).fill(401))
  expect(guesses.at(-1)).toBe(429)
  expect((await send(gateway)).status).toBe(202)
})

test('a burst of genuine deliveries is never too fast', async () => {
  await using gateway = await start({ INLET_RATE_PER_ADDRESS: '1', INLET_CONNECTIONS_MAX: '100' })
  for (let n = 0; n < 10; n += 1) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(gateway)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
  }
})

test('bodies share one budget, and a sender that aborts gives its part back', async () => {
  await using gateway = await start({ INLET_INFLIGHT_BYTES_MAX: String(MEBIBYTE) })
  const large = JSON.stringify({ text: 'x'.repeat(600_000) })
  for (let n = 0; n < 3; n += 1) {
    const aborting = startBody(gateway, { declared: 900_000, sent: 600_000 })
    await waitFor(gateway, ({ inflightBytes }) => inflightBytes >= 600_000)
    const refused = await send(gateway, { body: large })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    aborting.socket.destroy()
    await waitFor(gateway, (door) => door.inflightBytes === 0 && door.openRequests === 0)
  }

  expect((await send(gateway, { body: large })).status).toBe(202)
})

test('4,000 uploads that are broken off do not stay in memory', async () => {
  await using gateway = await start()
  const breakOff = async (uploads: number) => {
    for (let sent = 0; sent < uploads; sent += 100) {
      const aborting = Array.from({ length: 100 }, () =>
        startBody(gateway, { declared: MEBIBYTE, sent: 64 * 1024 }),
      )
      await waitFor(gateway, ({ openRequests }) => openRequests === 100)
      for (const { socket } of aborting) socket.destroy()
      await waitFor(gateway, (door) => door.inflightBytes === 0 && door.openRequests === 0)
    }
  }
  await breakOff(100)
  const before = residentBytes(gateway.pid)
  await breakOff(4_000)
  // 250 MB were sent and broken off. The garbage collector lags by up to 105 MB, and then holds.
  expect(residentBytes(gateway.pid) - before).toBeLessThan(160 * MEBIBYTE)
  expect((await send(gateway)).status).toBe(202)
})

test('500 slow bodies cost little memory, keep nobody out, and are cut off', async () => {
  await using gateway = await start({ INLET_BODY_MS_MAX: '2000' })
  await send(gateway)
  const before = residentBytes(gateway.pid)
  // Half a gigabyte is promised, 4 MB are sent.
  const slow = Array.from({ length: 500 }, () =>
    startBody(gateway, { declared: MEBIBYTE, sent: 8192 }),
  )
  await waitFor(gateway, ({ openRequests }) => openRequests === 500)

  expect(residentBytes(gateway.pid) - before).toBeLessThan(48 * MEBIBYTE)
  expect((await send(gateway)).status).toBe(202)
  for (const answer of await Promise.all(slow.map(({ closed }) => closed))) {
    expect(answer).toStartWith('HTTP/1.1 408 ')
  }
  await waitFor(gateway, (door) => door.inflightBytes === 0 && door.openRequests === 0)
})

test('beyond the open requests there is 503, and the connection is closed', async () => {
  await using gateway = await start({ INLET_CONNECTIONS_MAX: '2' })
  const open = [1, 2].map(() => startBody(gateway, { declared: 100, sent: 1 }))
  await waitFor(gateway, ({ openRequests }) => openRequests === 2)
  const third = await send(gateway)

  expect([third.status, third.headers.get('connection')]).toEqual([503, 'close'])
  for (const { socket } of open) socket.destroy()
  await waitFor(gateway, ({ openRequests }) => openRequests === 0)
  expect((await send(gateway)).status).toBe(202)
})

testWithMounts(
  'a disk that is nearly full closes the door and /readyz, until there is room',
  async () => {
    const mount = join(directory.path, 'small')
    mkdirSync(mount)
    // Mounted in a namespace of its own: it is gone with the process, however that ends.
    const mounted = 'mount -t tmpfs -o size=32m tmpfs "$0" && exec "$@"'
    await using gateway = await startGateway({
      command: ['unshare', '--mount', 'sh', '-c', mounted, mount, ...command],
      cwd: directory.path,
      env: { ...BASE, INLET_DATA_DIR: mount, INLET_DISK_FREE_MIN_BYTES: String(16 * MEBIBYTE) },
    })
    expect((await send(gateway)).status).toBe(202)
    const ballast = `/proc/${gateway.pid}/root${mount}/ballast`
    Bun.spawnSync(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=1M', 'count=18'], {
      stderr: 'ignore',
    })
    expect(await waitFor(gateway, ({ diskIsLow }) => diskIsLow)).toEqual({
      status: 503,
      ready: false,
    })
    const refused = await send(gateway)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])

    rmSync(ballast)
    expect(await waitFor(gateway, ({ diskIsLow }) => !diskIsLow)).toEqual({
      status: 200,
      ready: true,
    })
    expect((await send(gateway)).status).toBe(202)
  },
)
