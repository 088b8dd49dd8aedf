/** Handlers at work in the binary: tried again, replaced while it serves, ended when they block. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { randomUuid } from '../../src/ids.ts'
import { HANDLER_BLOCKS_MAX } from '../../src/limits/watchdog.ts'
import { readSuspects, SUSPECTS_FILE } from '../../src/watchdog/suspects.ts'
import {
  builtCommand,
  startGateway,
  type GatewayOptions,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'

setDefaultTimeout(60_000)

const OLD = 'the-old-secret'
const NEW = 'the-new-secret'
const LINE_MS_MAX = 20_000

let command: readonly string[]
beforeAll(() => {
  command = builtCommand()
})

/** Handler files, secrets and data of one gateway, in a folder of its own. */
interface Place extends AsyncDisposable {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
  handler(body: string): void
  secrets(text: string): void
}

async function makePlace(body: string): Promise<Place> {
  const dir = await makeTempDir()
  const at = (name: string) => join(dir.path, name)
  mkdirSync(at('handlers'))
  // Renamed into place, as a deploy does it: nobody sees half a file.
  function put(name: string, text: string) {
    writeFileSync(at('next'), text)
    renameSync(at('next'), at(name))
  }
  function handler(lines: string) {
    put(
      'handlers/github.ts',
      `import { defineSource, on, RetryableError, z } from 'inlet'
export default defineSource('github', {
  provider: 'github',
  events: { push: on(z.unknown(), ({ data }) => { ${lines} }), '*': { topic: 'rest' } },
})`,
    )
  }
  handler(body)
  put('secret', OLD)
  const env = {
    INLET_SINK: 'file',
    INLET_DATA_DIR: at('data'),
    INLET_HANDLERS_DIR: at('handlers'),
    INLET_SECRET_GITHUB_FILE: at('secret'),
  }
  const secrets = (text: string) => put('secret', text)
  return { path: dir.path, env, handler, secrets, [Symbol.asyncDispose]: dir[Symbol.asyncDispose] }
}

function start(place: Place, options: Partial<GatewayOptions> = {}): Promise<GatewayProcess> {
  return startGateway({ command, cwd: place.path, env: place.env, ...options })
}

async function post(
  gateway: GatewayProcess,
  body: string,
  secret = OLD,
  id = randomUuid(),
): Promise<number> {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const response = await fetch(`${gateway.url}/hooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
    },
  })
  await response.arrayBuffer()
  return response.status
}

/** The first such line of the log from `after` on; throws where none comes. */
async function lineOf(
  gateway: GatewayProcess,
  message: string,
  after: number,
  state?: string,
): Promise<LogLine> {
  const deadlineMs = systemClock.monotonicMs() + LINE_MS_MAX
  while (systemClock.monotonicMs() < deadlineMs) {
    const line = gateway.log
      .slice(after)
      .find((each) => each.message === message && each['state'] === state)
    if (line !== undefined) return line
    await systemClock.sleep(10)
  }
  throw new Error(`no ${message}: ${JSON.stringify(gateway.log)}`)
}

function shown(place: Place, ...args: string[]): string {
  const { stdout } = Bun.spawnSync([...command, 'events', ...args], {
    cwd: place.path,
    env: { ...place.env },
  })
  return stdout.toString()
}

describe('the binary', () => {
  let place: Place
  let gateway: GatewayProcess
  beforeAll(async () => {
    place = await makePlace(`return { topic: 'first' }`)
    gateway = await start(place)
  })
  afterAll(async () => {
    await gateway.end('SIGKILL')
    await place[Symbol.asyncDispose]()
  })

  test('replaces a handler while it serves, and keeps the old one where the new one is wrong', async () => {
    const before = gateway.log.length
    place.handler(`return { topic: `)
    const refused = await lineOf(gateway, 'reload.refused', before)
    expect(refused['reason']).toMatch(/github\.ts:4:\d+: /)
    expect(await post(gateway, '{"n":1}')).toBe(202)
    place.handler(`return { topic: 'second' }`)
    expect(await lineOf(gateway, 'reload.finished', before)).toMatchObject({ trigger: 'files' })
    expect(await post(gateway, '{"n":2}')).toBe(202)

    expect(shown(place, 'show', '1')).toContain('first')
    expect(shown(place, 'show', '2')).toContain('second')
  })

  test('takes both secrets during a rotation, and tells which one is used', async () => {
    const before = gateway.log.length
    expect(await post(gateway, '{}', NEW)).toBe(401)
    place.secrets(`${NEW}\n${OLD}\n`)
    await lineOf(gateway, 'reload.finished', before)
    expect([await post(gateway, '{}', NEW), await post(gateway, '{}', OLD)]).toEqual([202, 202])
    const served = await (await fetch(`${gateway.adminUrl}/api/sources`)).text()

    expect(JSON.parse(served)).toMatchObject({
      sources: [{ secrets: [{ deliveries: 1 }, { deliveries: 3 }] }],
    })
    expect(served).not.toContain(NEW)
    expect(JSON.stringify(gateway.log)).not.toContain(NEW)
  })

  test('loads again on SIGHUP, whether or not a file has changed', async () => {
    const before = gateway.log.length
    process.kill(gateway.pid, 'SIGHUP')

    expect(await lineOf(gateway, 'reload.finished', before)).toMatchObject({ trigger: 'request' })
  })

  test('tries a handler again that asks for it, with the handler of then', async () => {
    const before = gateway.log.length
    place.handler(`throw new RetryableError('not yet')`)
    await lineOf(gateway, 'reload.finished', before)
    expect(await post(gateway, '{"late":true}')).toBe(202)
    const rows = shown(place, '--state', 'failed')
    expect(rows).toMatch(/failed +1, next \d{4}-.* HANDLER_FAILED: not yet/)
    place.handler(`return { topic: 'late', value: data }`)
    const line = await lineOf(gateway, 'retry.finished', before, 'accepted')
    const attempt = String(line['attempt'])

    await gateway.drained(10_000)
    const topic = join(place.path, 'data/topics/late.ndjson')
    expect(await Bun.file(topic).text()).toContain(`"inlet-attempt":"${attempt}"`)
    expect(shown(place, 'show', String(line['seq']))).toMatch(new RegExp(`tries +${attempt}\n`))
  })
})

describe('a handler that never returns', () => {
  const impatient = [process.execPath, join(import.meta.dir, 'impatient-gateway.ts')]
  const LOOP = `while (data.block) {} return { topic: 'first' }`

  /** Sends what blocks, again and again, to one process after the other, as a provider would. */
  async function endProcesses(
    place: Place,
    id: string,
    times: number,
    event = 'handler.blocked',
  ): Promise<void> {
    for (let time = 1; time <= times; time += 1) {
      await using gateway = await start(place, { command: impatient })
      expect(await post(gateway, `{"n":${time}}`)).toBe(202)
      const answer = await post(gateway, '{"block":true}', OLD, id).catch(() => 'no answer')
      expect(answer).toBe('no answer')
      expect(await gateway.exited).toBe(70)
      const line = gateway.log.find(({ message }) => message === event)
      expect(line).toMatchObject({ handler: 'github push', eventId: id, others: 0, exitCode: 70 })
    }
  }

  test('ends the process three times; then its event is failed, and all else goes on', async () => {
    await using place = await makePlace(LOOP)
    await endProcesses(place, 'blocks', HANDLER_BLOCKS_MAX)
    await using gateway = await start(place, { command: impatient })
    const answers = [
      await post(gateway, '{"block":true}', OLD, 'blocks'),
      await post(gateway, '{"n":4}'),
      await post(gateway, '{"block":true}', OLD, 'blocks'),
    ]

    expect(answers).toEqual([202, 202, 200])
    const reason = `HANDLER_BLOCKED: the process ended ${HANDLER_BLOCKS_MAX} times while it ran`
    expect(shown(place, '--state', 'failed')).toContain(reason)
    // Three before, one after, and this one: what was acknowledged is safe.
    expect(shown(place, '--json').trim().split('\n')).toHaveLength(5)

    const before = gateway.log.length
    place.handler(`return { topic: 'mended' }`)
    await lineOf(gateway, 'reload.finished', before)
    const env = { ...place.env, INLET_ADMIN_PORT: new URL(gateway.adminUrl).port }
    const replay = [...command, 'replay', '--state', 'failed', '--yes']
    expect(Bun.spawnSync(replay, { cwd: place.path, env }).exitCode).toBe(0)
    expect(shown(place, '--state', 'failed')).not.toContain('HANDLER_BLOCKED')
  })

  test('counts like one that ends the process, whatever exit code that has', async () => {
    await using place = await makePlace(
      `if (data.block) process.exit(0); return { topic: 'first' }`,
    )
    await endProcesses(place, 'exits', HANDLER_BLOCKS_MAX, 'handler.exited')
    await using gateway = await start(place, { command: impatient })
    expect(await post(gateway, '{"block":true}', OLD, 'exits')).toBe(202)
    expect(shown(place, '--state', 'failed')).toContain(
      'HANDLER_BLOCKED: the process ended 3 times',
    )
  })

  test('is tried anew as soon as it is another one', async () => {
    await using place = await makePlace(LOOP)
    await endProcesses(place, 'blocks', 1)
    place.handler(`/* another one */ ${LOOP}`)
    await endProcesses(place, 'blocks', 1)
    const notes = readSuspects(join(place.path, 'data', SUSPECTS_FILE))

    expect(notes.map(({ eventId }) => eventId)).toEqual(['blocks', 'blocks'])
    expect(new Set(notes.map(({ handlersName }) => handlersName)).size).toBe(2)
  })
})

test('a handler that blocks when its time is up ends the process, too', async () => {
  await using place = await makePlace(
    `return new Promise((done) => setTimeout(() => { while (data.block) {} done(null) }, 300))`,
  )
  await using gateway = await start(place, {
    command: [process.execPath, join(import.meta.dir, 'impatient-gateway.ts')],
    env: { ...place.env, INLET_HANDLER_MS_MAX: '100' },
  })

  expect(await post(gateway, '{"block":true}')).toBe(202)
  expect(await gateway.exited).toBe(70)
})
