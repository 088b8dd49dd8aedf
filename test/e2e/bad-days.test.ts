/**
 * The compiled binary on bad days: wrong input, wrong configuration, Kafka or Redis
 * away, no disk left.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { randomUuid } from '../../src/ids.ts'
import { builtCommand, startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { startKafka } from '../support/kafka-server.ts'
import { testWithMounts } from '../support/mounts.ts'
import { describeWithKafka, describeWithRedis } from '../support/servers.ts'
import { noise } from '../support/stored.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopicNamed, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)

const SECRET = 'made-up-secret'
/** Longer than a port, which may have any digits. */
const CARD = '4242424242424242'
const TOPIC = 'webhooks.github'
const SOURCE = { INLET_SOURCES: 'github', INLET_SECRET_GITHUB: SECRET }
const FILE_SINK = { ...SOURCE, INLET_SINK: 'file' }

let command: readonly string[]
let directory: TempDir

beforeAll(async () => {
  command = builtCommand()
  directory = await makeTempDir()
})
afterAll(() => directory[Symbol.asyncDispose]())

/** A gateway with a data directory of its own. */
function start(name: string, env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  return startGateway({
    command,
    cwd: directory.path,
    env: { INLET_DATA_DIR: join(directory.path, name), ...env },
  })
}

function signed(body: string, id: string = randomUuid()): RequestInit {
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
    },
  }
}

async function post(gateway: GatewayProcess, request: RequestInit): Promise<number> {
  const response = await fetch(`${gateway.url}/hooks/github`, request)
  await response.arrayBuffer()
  return response.status
}

/** Runs a command to its end; what it prints and how it exits. */
function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const done = Bun.spawnSync([...command, ...args], { cwd: directory.path, env: { ...env } })
  return { code: done.exitCode, out: done.stdout.toString(), err: done.stderr.toString() }
}

/** What a process holds in memory now. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

describe('a wrong configuration', () => {
  test('refuses the start and names every wrong variable at once, without a value', () => {
    const { code, err } = run(['serve'], {
      PORT: 'http',
      INLET_SOURCE: 'github',
      INLET_SOURCES: 'github,shop=bakery',
      INLET_SECRET_SHOP: 'hunter2-hunter2',
      INLET_TOPIC_GITHUB: 'a b',
      LOG_LEVEL: 'chatty',
    })

    expect(code).toBe(1)
    for (const name of ['PORT', 'INLET_SOURCE ', 'LOG_LEVEL', 'KAFKA_BROKERS', 'bakery']) {
      expect(err).toContain(name)
    }
    for (const name of ['INLET_SECRET_GITHUB', 'INLET_TOPIC_GITHUB']) expect(err).toContain(name)
    expect(err).not.toContain('hunter2')
  })

  test('a broken handler file stops the start with file, line and reason', async () => {
    await using own = await makeTempDir()
    const handlers = join(own.path, 'handlers')
    mkdirSync(handlers)
    writeFileSync(join(handlers, 'shop.ts'), "\nthrow new Error('no stock')\n")
    const { code, err } = run(['serve'], { ...FILE_SINK, INLET_HANDLERS_DIR: handlers })

    expect(code).toBe(1)
    expect(err).toMatch(/shop\.ts:2(:\d+)?: no stock/)
  })

  test('`check` says the same without starting, and what would be served', () => {
    expect(run(['check'], { INLET_SINK: 'file', INLET_SOURCES: 'github' }).code).toBe(1)
    const { code, out } = run(['check'], FILE_SINK)

    expect(code).toBe(0)
    expect(out).toContain('POST /hooks/github')
  })

  test('an unknown command and an unknown option are answered with the way to the help', () => {
    expect(run(['serv'], {})).toMatchObject({ code: 2, err: expect.stringContaining('--help') })
    expect(run(['events', '--all'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('inlet events --help'),
    })
  })
})

test('what Bun would load from the folder that it is started in is not loaded', () => {
  const cwd = join(directory.path, 'with-files-of-bun')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'bunfig.toml'), 'preload = ["./preload.ts"]\n')
  writeFileSync(join(cwd, 'preload.ts'), "console.log('preloaded')\n")
  writeFileSync(join(cwd, '.env'), 'INLET_MISSPELT=1\n')
  const checked = Bun.spawnSync([...command, 'check'], {
    cwd,
    env: { ...FILE_SINK, INLET_DATA_DIR: join(cwd, 'data') },
  })

  expect([checked.exitCode, checked.stderr.toString()]).toEqual([0, ''])
  expect(checked.stdout.toString()).not.toContain('preloaded')
})

describe('a gateway without Kafka and Redis', () => {
  let gateway: GatewayProcess
  beforeAll(async () => {
    gateway = await start('alone', FILE_SINK)
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
  })

  test('answers 404, 405 and 401 as problem documents, and stores nothing', async () => {
    const wrong = { ...signed('{}'), headers: { 'x-hub-signature-256': 'sha256=00' } }
    const answers = await Promise.all([
      fetch(`${gateway.url}/hooks/nobody`, signed('{}')),
      fetch(`${gateway.url}/hooks/github`),
      fetch(`${gateway.url}/hooks/github`, wrong),
    ])

    expect(answers.map(({ status }) => status)).toEqual([404, 405, 401])
    for (const answer of answers) expect(await answer.json()).toHaveProperty('code')
    expect(run(['events'], { INLET_DATA_DIR: join(directory.path, 'alone') }).out).toBe(
      'no events\n',
    )
  })

  test('refuses an endless chunked body with 413 while it is still coming, without growing', async () => {
    const before = residentBytes(gateway.pid)
    const { hostname, port } = new URL(gateway.url)
    const answer = Promise.withResolvers<string>()
    const poured = Promise.withResolvers<void>()
    const socket = connect(Number(port), hostname)
    socket.on('data', (data) => answer.resolve(data.toString()))
    socket.write('POST /hooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x1_00_00)}\r\n`
    let left = (256 * 1024 * 1024) / 0x1_00_00
    const pour = () => {
      while (left > 0) {
        left -= 1
        if (!socket.write(chunk)) return
      }
      poured.resolve()
    }
    socket.on('drain', pour)
    pour()

    expect(await answer.promise).toStartWith('HTTP/1.1 413 ')
    await poured.promise
    expect(residentBytes(gateway.pid) - before).toBeLessThan(32 * 1024 * 1024)
    socket.destroy()
    expect(await post(gateway, signed('{"after":1}'))).toBe(202)
  })

  test('keeps its data directory to itself', () => {
    const env = { ...FILE_SINK, PORT: '0', INLET_ADMIN_PORT: '0' }
    const second = run(['serve'], { ...env, INLET_DATA_DIR: join(directory.path, 'alone') })

    expect(second.code).toBe(1)
    expect(second.err).toContain('Another process owns this data directory')
  })

  test('keeps its port to itself, against another gateway, too', () => {
    const { port } = new URL(gateway.url)
    const env = { ...FILE_SINK, INLET_HOST: '127.0.0.1', PORT: port, INLET_ADMIN_PORT: '0' }
    const second = run(['serve'], { ...env, INLET_DATA_DIR: join(directory.path, 'same-port') })

    expect(second.code).toBe(1)
    expect(second.err).toContain('cannot listen on this address')
  })

  test('logs neither bodies nor secrets', async () => {
    await post(gateway, signed(`{"card":"${CARD}"}`))
    await post(gateway, { ...signed('{}'), headers: { 'x-hub-signature-256': `sha256=${SECRET}` } })

    expect(JSON.stringify(gateway.log)).not.toContain(CARD)
    expect(JSON.stringify(gateway.log)).not.toContain(SECRET)
  })
})

describe('a full disk', () => {
  testWithMounts(
    'answers 503 with Retry-After, and takes events again once there is room',
    async () => {
      const mount = join(directory.path, 'small')
      mkdirSync(mount)
      // Mounted in a namespace of its own: it is gone with the process, however that ends.
      const mounted = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'
      await using gateway = await startGateway({
        command: ['unshare', '--mount', 'sh', '-c', mounted, mount, ...command],
        cwd: directory.path,
        // Without the watch on free space, so that the commit itself meets the end of the disk.
        env: { ...FILE_SINK, INLET_DATA_DIR: mount, INLET_DISK_FREE_MIN_BYTES: '0' },
      })
      const ballast = `/proc/${gateway.pid}/root${mount}/ballast`
      Bun.spawnSync(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stderr: 'ignore' })
      const body = JSON.stringify({ text: Buffer.from(noise(200_000)).toString('base64') })
      const full = await fetch(`${gateway.url}/hooks/github`, signed(body, 'full'))

      expect([full.status, full.headers.get('retry-after')]).toEqual([503, '5'])
      rmSync(ballast)
      expect(await post(gateway, signed(body, 'full'))).toBe(202)
    },
  )
})

describeWithKafka('Kafka is away', () => {
  test('intake goes on from the first second, and everything arrives once Kafka is there', async () => {
    await using kafka = await startKafka()
    await createTopicNamed(TOPIC, { brokers: kafka.brokers })
    await kafka.kill()
    await using gateway = await start('kafka-away', { ...SOURCE, KAFKA_BROKERS: kafka.brokers })
    const bodies = Array.from({ length: 100 }, (_, n) => `{"repository":{"id":1},"n":${n}}`)
    for (const body of bodies) expect(await post(gateway, signed(body))).toBe(202)
    await kafka.restart()
    await gateway.drained(30_000)

    const records = await readTopic(kafka.brokers, TOPIC)
    expect(records.map(({ value }) => value.toString())).toEqual(bodies)
  })

  test('a topic that is missing holds up only itself', async () => {
    await using kafka = await startKafka()
    await createTopicNamed(TOPIC, { brokers: kafka.brokers })
    await using gateway = await start('topic-missing', {
      KAFKA_BROKERS: kafka.brokers,
      INLET_SOURCES: 'github,other=github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_SECRET_OTHER: SECRET,
    })
    const other = await fetch(`${gateway.url}/hooks/other`, signed('{"to":"nowhere"}', 'lost?'))
    expect(other.status).toBe(202)
    expect(await post(gateway, signed('{"to":"somewhere"}'))).toBe(202)
    await gateway.drained(30_000)
    expect(await readTopic(kafka.brokers, TOPIC)).toHaveLength(1)
    const health = await (await fetch(`${gateway.adminUrl}/readyz`)).json()
    expect(health).toMatchObject({ relay: { retry: 1, retryTopics: ['webhooks.other'] } })
    const shown = run(['events', 'show', 'lost?'], {
      INLET_DATA_DIR: join(directory.path, 'topic-missing'),
    })

    expect(shown.out).toContain('retry')
    expect(shown.out).toContain('webhooks.other')
  })
})

describeWithRedis('several nodes', (redisUrl) => {
  test('a redelivery that reaches another node is a duplicate there', async () => {
    const shared = { ...FILE_SINK, REDIS_URL: redisUrl }
    await using one = await start('node-one', { ...shared, INLET_NODE: `one-${randomUuid()}` })
    await using two = await start('node-two', { ...shared, INLET_NODE: `two-${randomUuid()}` })
    const delivery = signed('{"shared":true}')

    expect(await post(one, delivery)).toBe(202)
    expect(await post(two, delivery)).toBe(200)
  })

  test('without Redis each node takes what it is sent', async () => {
    await using gateway = await start('redis-away', {
      ...FILE_SINK,
      REDIS_URL: 'redis://127.0.0.1:1',
      INLET_NODE: 'lonely',
    })

    expect(await post(gateway, signed('{"alone":true}'))).toBe(202)
  })
})
