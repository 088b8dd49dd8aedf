/**
 * Webhook → Kafka → consumer → Kafka with real processes: what was published once is processed once
 * in effect, wherever a process is killed.
 */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'

setDefaultTimeout(90_000)
const WAIT_MS_MAX = 30_000
const POLL_MS = 50
const MAIN = join(import.meta.dir, '../../src/main.ts')

describeWithKafka('a consumer, end to end', (brokers) => {
  let directory: TempDir
  let gateway: GatewayProcess
  let [orders, doubled] = ['', '']

  beforeAll(async () => {
    orders = await createTopic({ brokers, prefix: 'consume-orders' })
    doubled = await createTopic({ brokers, prefix: 'consume-doubled' })
  })
  afterEach(async () => {
    await gateway.end('SIGKILL')
    await directory[Symbol.asyncDispose]()
  })
  afterAll(() => deleteTopics(brokers, [orders, doubled]))

  const start = (more: Readonly<Record<string, string>> = {}) =>
    startGateway({
      command: [process.execPath, MAIN],
      cwd: directory.path,
      env: {
        KAFKA_BROKERS: brokers,
        INLET_SOURCES: 'shop=standard_webhooks',
        INLET_SECRET_SHOP: 'none',
        INLET_TOPIC_SHOP: orders,
        ...more,
      },
    })

  async function open(handler: string): Promise<void> {
    directory = await makeTempDir()
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'handlers/doubling.ts'), handler)
  }

  /** Polls a topic until it has what is waited for. */
  async function waitFor(
    topic: string,
    isThere: (records: readonly StoredRecord[]) => boolean,
  ): Promise<readonly StoredRecord[]> {
    const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
    for (;;) {
      const records = await readTopic(brokers, topic)
      if (isThere(records) || systemClock.monotonicMs() > deadlineMs) return records
      await systemClock.sleep(POLL_MS)
    }
  }

  const send = async (n: number): Promise<void> => {
    const body = JSON.stringify({ n })
    const response = await fetch(`${gateway.url}/hooks/shop`, { method: 'POST', body })
    await response.arrayBuffer()
    expect(response.status).toBe(202)
  }

  test('a webhook is consumed, and what its handler makes is published', async () => {
    await open(doubling(orders, doubled))
    gateway = await start()
    for (let n = 1; n <= 20; n += 1) await send(n)
    const records = await waitFor(doubled, ({ length }) => length >= 20)
    expect(records.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => 2 * (index + 1)),
    )
    expect(gateway.log.filter(({ message }) => message === 'consumer.ended')).toEqual([])
  })
})

function doubling(from: string, to: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('doubling', {
      topics: ['${from}'],
      events: {
        '*': onRecord(z.object({ n: z.int() }), ({ data: { n } }) => ({
          topic: '${to}',
          value: 2 * n,
        })),
      },
    })`
}
