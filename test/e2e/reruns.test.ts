/** What was stored is sent again: by the binary and its commands, to the real Kafka. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openInbox } from '../../db/inbox.ts'
import { openReader } from '../../db/open.ts'
import type { Rerun } from '../../src/admin-api/reruns.ts'
import { systemClock } from '../../src/clock.ts'
import type { RerunKind } from '../../src/rerun.ts'
import {
  builtCommand,
  exitWithin,
  startGateway,
  type GatewayOptions,
  type GatewayProcess,
} from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { configureTopic, createTopic, deleteTopics, readTopic } from '../support/topics.ts'

setDefaultTimeout(120_000)

const SECRET = 'made-up-secret'
const WAIT_MS_MAX = 20_000
const DRAIN_MS_MAX = 30_000

let command: readonly string[]
beforeAll(() => {
  command = builtCommand()
})

/** A gateway with one handler file, which can be replaced, and the commands beside it. */
async function openPlace(env: Readonly<Record<string, string>>, body: string) {
  const dir = await makeTempDir()
  const at = (name: string) => join(dir.path, name)
  mkdirSync(at('handlers'))
  function handler(lines: string) {
    const file = `import { defineSource, on, z } from 'inlet'
export default defineSource('github', {
  provider: 'github',
  events: { push: on(z.unknown(), (event) => { ${lines} }) },
})`
    writeFileSync(at('next'), file)
    renameSync(at('next'), at('handlers/github.ts'))
  }
  handler(body)
  const common = { INLET_DATA_DIR: at('data'), INLET_SECRET_GITHUB: SECRET, ...env }
  const start = (options: Partial<GatewayOptions> = {}) =>
    startGateway({ command, cwd: dir.path, ...options, env: { ...common, ...options.env } })

  /** Runs a command beside the gateway, and returns what it printed, line by line. */
  async function inlet(gateway: GatewayProcess, ...args: string[]) {
    const { port } = new URL(gateway.adminUrl)
    const env = { ...common, INLET_ADMIN_PORT: port, USER: 'ada' }
    const child = Bun.spawn([...command, ...args], { cwd: dir.path, env, stdin: 'ignore' })
    const lines = (await new Response(child.stdout).text()).trim().split('\n')
    return { code: await child.exited, lines }
  }
  const database = at('data/inlet.db')
  return { handler, start, inlet, database, [Symbol.asyncDispose]: dir[Symbol.asyncDispose] }
}

async function post(gateway: GatewayProcess, id: string, body = '{}'): Promise<number> {
  const response = await fetch(`${gateway.url}/hooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
  })
  await response.arrayBuffer()
  return response.status
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`never: ${what}`)
    await systemClock.sleep(20)
  }
}

async function ask(gateway: GatewayProcess, kind: RerunKind): Promise<Rerun> {
  const response = await fetch(`${gateway.adminUrl}/api/reruns`, {
    method: 'POST',
    body: JSON.stringify({ kind, query: {}, perSecond: 10_000 }),
    headers: { 'content-type': 'application/json' },
  })
  return (await response.json()) as Rerun
}

async function look(gateway: GatewayProcess, id: string): Promise<Rerun> {
  return (await (await fetch(`${gateway.adminUrl}/api/reruns/${id}`)).json()) as Rerun
}

describe('a rerun whose process is killed', () => {
  const EVENTS = 600
  const FAILPOINTS = [
    'rerun.prepared:1:SIGKILL:0',
    'rerun.prepared:3:SIGKILL:0',
    'rerun.stepped:2:SIGKILL:0',
    'commit.written:5:SIGKILL:0',
    'commit.unsynced:6:SIGKILL:0',
    'commit.synced:7:SIGKILL:0',
    'rerun.stepped:1:SIGKILL:3',
  ]

  test.each(['replay', 'republish'] as const)(
    'does each event once: %s, killed again and again',
    async (kind) => {
      await using place = await openPlace({ INLET_SINK: 'file' }, `return { topic: 'all' }`)
      let gateway = await place.start()
      const ids = Array.from({ length: EVENTS }, (_, index) => `e${index}`)
      await Promise.all(ids.map((id) => post(gateway, id)))
      await gateway.drained(DRAIN_MS_MAX)
      await gateway.end('SIGKILL')

      // Asked for in a process that dies of it, as is everything but the last.
      let id = ''
      for (const INLET_FAILPOINT of FAILPOINTS) {
        gateway = await place.start({ env: { INLET_FAILPOINT } })
        if (id === '') id = (await ask(gateway, kind)).id
        expect(await exitWithin(gateway, WAIT_MS_MAX)).toBeNull()
      }
      gateway = await place.start()
      await until('done', async () => (await look(gateway, id)).state === 'done')
      const end = await look(gateway, id)
      await gateway.end('SIGTERM')

      expect(end).toMatchObject({ done: EVENTS, records: EVENTS, failed: 0, reason: null })
      using reader = openReader(place.database)
      const inbox = openInbox(reader)
      for (let seq = 1; seq <= EVENTS; seq += 1) {
        const marked = inbox.bySeq(seq)?.records.filter(({ headers }) => headers?.includes(id))
        expect([seq, marked?.length]).toEqual([seq, 1])
      }
    },
  )
})

describeWithKafka('with the real Kafka', (brokers) => {
  let topic = ''
  beforeAll(async () => {
    topic = await createTopic({ brokers, config: { 'max.message.bytes': '20000' } })
  })
  afterAll(() => deleteTopics(brokers, [topic]))

  /** What is on the topic of one event: the rerun, and the bytes. */
  async function arrived(id: string) {
    const records = (await readTopic(brokers, topic)).filter(
      ({ headers }) => headers['ce_id'] === id,
    )
    return records.map(({ headers, value }) => [headers['inlet-replay'], value.toString()] as const)
  }

  test('a handler is broken, seen, mended, and its events replayed; then sent once more', async () => {
    await using place = await openPlace({ KAFKA_BROKERS: brokers }, `throw new Error('broken')`)
    await using gateway = await place.start()
    for (const id of ['a', 'b']) expect(await post(gateway, id, `{"of":"${id}"}`)).toBe(202)
    const { lines: plan } = await place.inlet(gateway, 'replay', '--state', 'failed', '--dry-run')
    expect(plan[0]).toStartWith('Runs 2 events through the handlers of today.')
    const broken = await place.inlet(gateway, 'replay', '--state', 'failed', '--yes')
    expect(broken.code).toBe(1)
    expect(broken.lines.at(-1)).toContain('2 done, 2 failed, 0 records')

    place.handler(`return { topic: '${topic}' }`)
    await until('reloaded', () => gateway.log.some(({ message }) => message === 'reload.finished'))
    const mended = await place.inlet(gateway, 'replay', '--state', 'failed', '--yes', '--json')
    const replayed = JSON.parse(mended.lines.at(-1) ?? '') as Rerun
    expect(replayed).toMatchObject({ state: 'done', done: 2, by: 'ada from 127.0.0.1' })
    await gateway.drained(DRAIN_MS_MAX)
    expect(await arrived('a')).toEqual([[replayed.id, '{"of":"a"}']])

    // After a success as well: nobody takes it for a redelivery.
    const again = await place.inlet(gateway, 'replay', '1', '--yes', '--json')
    const copied = await place.inlet(gateway, 'republish', '--id', 'a', '--yes', '--json')
    const [second, third] = [again, copied].map(
      ({ lines }) => (JSON.parse(lines.at(-1) ?? '') as Rerun).id,
    )
    await gateway.drained(DRAIN_MS_MAX)
    expect(new Set((await arrived('a')).map(([rerun]) => rerun))).toEqual(
      new Set([replayed.id, second, third]),
    )
    const { lines: listed } = await place.inlet(gateway, 'reruns', '--json')
    expect(listed).toHaveLength(4)
  })

  test.each(['continue', 'block-key'] as const)(
    'what Kafka refused arrives in order once the limit is raised: %s',
    async (policy) => {
      await configureTopic(brokers, topic, { 'max.message.bytes': '20000' })
      const env = { KAFKA_BROKERS: brokers, INLET_POISON_POLICY: policy }
      await using place = await openPlace(env, `return { topic: '${topic}', key: '${policy}' }`)
      await using gateway = await place.start()
      const large = `{"large":"${'x'.repeat(50_000)}"}`
      const ids = [`${policy}-1`, `${policy}-2`, `${policy}-3`]
      await post(gateway, ids[0] ?? '', large)
      await gateway.drained(DRAIN_MS_MAX)
      for (const id of ids.slice(1)) await post(gateway, id)
      await gateway.drained(DRAIN_MS_MAX)
      const behind = policy === 'block-key' ? 3 : 1
      const { lines: plan } = await place.inlet(gateway, 'redrive', '--all', '--dry-run')
      expect(plan).toEqual([
        `Gives Kafka ${behind} record${behind === 1 ? '' : 's'} once more.`,
        `  ${topic}  ${behind}`,
      ])

      await configureTopic(brokers, topic, { 'max.message.bytes': '1000000' })
      const redriven = await place.inlet(gateway, 'redrive', '--topic', topic, '--yes')
      expect(redriven.code).toBe(0)
      expect(redriven.lines.at(-1)).toContain(`is done: ${behind} done, ${behind} records`)
      await until('arrived', async () => (await arrived(ids[0] ?? '')).length > 0)
      await until('all arrived', async () => (await arrived(ids[2] ?? '')).length > 0)
      const order = (await readTopic(brokers, topic))
        .filter(({ key }) => key === policy)
        .map(({ headers }) => headers['ce_id'])
      const [first = '', ...others] = ids
      expect(order).toEqual(policy === 'block-key' ? ids : [...others, first])
    },
  )
})
