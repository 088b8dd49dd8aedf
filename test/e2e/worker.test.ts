/** A worker: consumers alone, in a process without a port for webhooks. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConsumerRow, Consumers } from '../../src/admin-api/consumers.ts'
import { systemClock } from '../../src/clock.ts'
import { produce, until } from '../consume/node.ts'
import { startGateway } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, createTopicNamed, deleteTopics, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)
const WAIT_MS_MAX = 40_000
const POLL_MS = 100
const PROGRAM = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

describeWithKafka('inlet consume', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('runs the consumers that are named, and opens no port for webhooks', async () => {
    const [from, to] = await Promise.all([createTopic({ brokers }), createTopic({ brokers })])
    topics.push(from, to)
    await using folder = await makeTempDir()
    mkdirSync(join(folder.path, 'handlers'))
    for (const name of ['meant', 'other']) {
      writeFileSync(join(folder.path, `handlers/${name}.ts`), copying(name, from, to))
    }
    await produce(brokers, from, [{ key: 'a', value: { n: 1 } }])
    await using worker = await startGateway({
      command: PROGRAM,
      mode: 'consume',
      args: ['--only', 'meant'],
      cwd: folder.path,
      env: { KAFKA_BROKERS: brokers },
    })
    const consumers = async () =>
      Consumers.parse(await (await fetch(`${worker.adminUrl}/api/consumers`)).json()).consumers
    let processed = 0
    await until('the record is processed', () => {
      void consumers().then(([only]) => (processed = only?.processed ?? 0))
      return processed === 1
    })
    expect((await consumers()).map(({ name }) => name)).toEqual(['meant'])
    await worker.drained(10_000)
    expect((await readTopic(brokers, to)).map(({ value }) => value.toString())).toEqual(['"meant"'])
    const started = worker.log.find(({ message }) => message === 'gateway.started')
    expect(started).not.toHaveProperty('url')
    expect(await worker.end('SIGTERM')).toBe(0)
  })
})

describeWithKafka('inlet consumers replay', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('has a range handled again, with a plan first, and leaves the position alone', async () => {
    const [from, to] = await Promise.all([createTopic({ brokers }), createTopic({ brokers })])
    topics.push(from, to)
    await using folder = await makeTempDir()
    mkdirSync(join(folder.path, 'handlers'))
    writeFileSync(join(folder.path, 'handlers/meant.ts'), copying('meant', from, to))
    const values = Array.from({ length: 20 }, (_, n) => ({ key: `key-${n}`, value: { n } }))
    await produce(brokers, from, values)
    await using gateway = await startGateway({
      command: PROGRAM,
      mode: 'consume',
      cwd: folder.path,
      env: { KAFKA_BROKERS: brokers },
    })
    async function inlet(...args: string[]) {
      const { port } = new URL(gateway.adminUrl)
      const env = { PATH: process.env['PATH'], INLET_ADMIN_PORT: port }
      const child = Bun.spawn([...PROGRAM, 'consumers', ...args], { env, stdin: 'ignore' })
      const lines = (await new Response(child.stdout).text()).trim().split('\n')
      return { code: await child.exited, lines }
    }
    let records: readonly { readonly headers: Readonly<Record<string, string>> }[] = []
    const arrived = (count: number) => async () =>
      (records = await readTopic(brokers, to)).length === count
    await eventually('all are handled', arrived(20))
    const position = async () => {
      const { lines } = await inlet('--json')
      return lines.map((line) => ConsumerRow.parse(JSON.parse(line)).partitions)
    }
    const before = await position()

    const [plan] = (await inlet('replay', 'meant', '--from', '1h', '--dry-run')).lines
    expect(plan).toStartWith('Hands 20 records to the consumer at most once more')
    const { code, lines } = await inlet('replay', 'meant', '--from', 'earliest', '--yes')
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatch(/^reconsume-\w+ is done: 20 done, 20 records$/)
    await eventually('all arrive again', arrived(40))
    const marks = records.map(({ headers }) => headers['inlet-replay'])
    expect(marks.filter((mark) => mark?.startsWith('reconsume-'))).toHaveLength(20)
    expect(await position()).toEqual(before)
    const one = ['--topic', from, '--partition', '0', '--from', '0', '--to', '1', '--json', '--yes']
    expect(JSON.parse((await inlet('replay', 'meant', ...one)).lines.at(-1) ?? '')).toMatchObject({
      state: 'done',
      done: 1,
      query: { consumer: 'meant', topic: from, partition: 0, from: 0, to: 1 },
    })
  })
})

describeWithKafka('inlet replay, of a consumer with state', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('handles a dead letter on the state of now', async () => {
    const [from, to] = await Promise.all([createTopic({ brokers }), createTopic({ brokers })])
    const dead = `${from}.dead`
    await createTopicNamed(dead, { brokers })
    topics.push(from, to, dead)
    await using folder = await makeTempDir()
    const file = join(folder.path, 'handlers/summing.ts')
    mkdirSync(join(folder.path, 'handlers'))
    writeFileSync(file, summing(from, to, 'z.int().max(9)'))
    const values = [1, 10, 2].map((value) => ({ key: 'a', value }))
    await produce(brokers, from, values)
    await using gateway = await startGateway({
      command: PROGRAM,
      mode: 'consume',
      cwd: folder.path,
      env: { KAFKA_BROKERS: brokers },
    })
    const sums = async () => (await readTopic(brokers, to)).map(({ value }) => value.toString())
    await eventually('two are summed', async () => (await sums()).length === 2)
    writeFileSync(file, summing(from, to, 'z.int()'))
    await until('reloaded', () => gateway.log.some(({ message }) => message === 'reload.finished'))
    const { port } = new URL(gateway.adminUrl)
    const env = { PATH: process.env['PATH'], INLET_ADMIN_PORT: port }
    const args = ['replay', '--source', 'consumer:summing', '--state', 'invalid', '--yes']
    const child = Bun.spawn([...PROGRAM, ...args], { env, stdin: 'ignore' })
    expect(await new Response(child.stdout).text()).toContain('is done: 1 done, 1 records')
    await produce(brokers, from, [{ key: 'a', value: 3 }])
    await eventually('all are summed', async () => (await sums()).length === 4)
    expect(await sums()).toEqual(['1', '3', '13', '16'])
    await gateway.end('SIGTERM')
  })
})

function summing(from: string, to: string, schema: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('summing', {
      topics: ['${from}'],
      group: '${from}.summing',
      state: z.int(),
      events: {
        unknown: onRecord(${schema}, z.int(), ({ data, key, state }) => {
          const sum = (state.get() ?? 0) + data
          state.set(sum)
          return { topic: '${to}', key: key ?? '', value: sum }
        }),
      },
    })`
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  while (!(await holds())) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`it never holds that ${what}`)
    await systemClock.sleep(POLL_MS)
  }
}

function copying(name: string, from: string, to: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('${name}', {
      topics: ['${from}'],
      group: '${from}.${name}',
      events: { '*': onRecord(z.unknown(), () => ({ topic: '${to}', value: '${name}' })) },
    })`
}
