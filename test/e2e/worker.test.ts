/** A worker: consumers alone, in a process without a port for webhooks. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConsumerRow, Consumers } from '../../src/admin-consumers.ts'
import { systemClock } from '../../src/clock.ts'
import { produce, until } from '../consume/node.ts'
import { startGateway } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'

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
