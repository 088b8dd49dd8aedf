/** A worker: consumers alone, in a process without a port for webhooks. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Consumers } from '../../src/admin-consumers.ts'
import { produce, until } from '../consume/node.ts'
import { startGateway } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)
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

function copying(name: string, from: string, to: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('${name}', {
      topics: ['${from}'],
      group: '${from}.${name}',
      events: { '*': onRecord(z.unknown(), () => ({ topic: '${to}', value: '${name}' })) },
    })`
}
