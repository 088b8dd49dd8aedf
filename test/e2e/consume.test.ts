/**
 * Webhook → Kafka → consumer → Kafka with real processes: what was published once is processed once
 * in effect, wherever a process is killed.
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import type { Failpoint } from '../../src/failpoint.ts'
import { HANDLER_BLOCKS_MAX } from '../../src/limits/watchdog.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'

setDefaultTimeout(120_000)
const WAIT_MS_MAX = 60_000
const POLL_MS = 100
const EVENTS = 60
const MAIN = join(import.meta.dir, '../../src/main.ts')
const IMPATIENT = join(import.meta.dir, 'impatient-gateway.ts')

describeWithKafka('a consumer, end to end', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  /** A data directory, an input topic with `events` records, and a topic for what comes of them. */
  async function openWorld(events = EVENTS, body = 'return 2 * n') {
    const directory = await makeTempDir()
    const [from, to, dead] = await Promise.all([
      createTopic({ brokers, prefix: 'consume-from' }),
      createTopic({ brokers, prefix: 'consume-to' }),
      createTopic({ brokers, prefix: 'consume-dead' }),
    ])
    topics.push(from, to, dead)
    const start = (more: Readonly<Record<string, string>> = {}, program = MAIN) =>
      startGateway({
        command: [process.execPath, program],
        cwd: directory.path,
        env: {
          KAFKA_BROKERS: brokers,
          INLET_SOURCES: 'shop=standard_webhooks',
          INLET_SECRET_SHOP: 'none',
          INLET_TOPIC_SHOP: from,
          ...more,
        },
      })
    await using gateway = await start()
    for (let n = 1; n <= events; n += 1) await send(gateway, n)
    await gateway.drained(WAIT_MS_MAX)
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'handlers/doubling.ts'), doubling({ from, to, dead, body }))
    return { directory, to, dead, start }
  }

  async function send(gateway: GatewayProcess, n: number): Promise<void> {
    const body = JSON.stringify({ n })
    const response = await fetch(`${gateway.url}/hooks/shop`, { method: 'POST', body })
    await response.arrayBuffer()
    expect(response.status).toBe(202)
  }

  /** What is in a topic once everything is, by `ce_id`: the relay may have sent it twice. */
  async function waitForAll(topic: string, events = EVENTS): Promise<readonly StoredRecord[]> {
    const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
    for (;;) {
      const records = await readTopic(brokers, topic)
      const byId = new Map(records.map((record) => [record.headers['ce_id'], record]))
      if (byId.size >= events || systemClock.monotonicMs() > deadlineMs) return [...byId.values()]
      await systemClock.sleep(POLL_MS)
    }
  }

  const KILLS: readonly Failpoint[] = ['consume.handled', 'consume.stored', 'consume.told']

  test.concurrent('what is killed anywhere processes every record once in effect', async () => {
    await Promise.all(
      KILLS.map(async (point) => {
        const { directory, to, start } = await openWorld()
        await using _ = directory
        const killed = await start({ INLET_FAILPOINT: `${point}:1:SIGKILL:0` }, IMPATIENT)
        expect(await killed.exited).toBeNull()
        const gateway = await start()
        const doubled = await waitForAll(to)
        expect(await gateway.end('SIGTERM')).toBe(0)

        expect(doubled.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: EVENTS }, (__, index) => 2 * (index + 1)),
        )
        expect(doubled[0]?.headers).toMatchObject({
          ce_source: 'consumer:doubling',
          ce_type: expect.any(String),
          'content-type': 'application/json',
        })
        using reader = openReader(join(directory.path, 'data', DATABASE_FILE))
        const count = (sql: string) => reader.client.query(sql).values()[0]?.[0]
        expect(count(`SELECT count(*) FROM outbox WHERE topic = '${to}'`)).toBe(EVENTS)
        expect(count('SELECT sum(offset) FROM consumer_positions')).toBe(EVENTS)
      }),
    )
  })

  test.concurrent('a record that ends processes is a dead letter, no other is', async () => {
    const events = 6
    // All of them wait when it blocks: any of them may be it.
    const waits = 'await Bun.sleep(50); while (n === 3) {} return 2 * n'
    const { directory, to, dead, start } = await openWorld(events, waits)
    await using _ = directory
    // The first end is evidence against none of them.
    for (let time = 1; time <= 1 + HANDLER_BLOCKS_MAX; time += 1) {
      await using gateway = await start({}, IMPATIENT)
      expect(await gateway.exited).toBe(70)
      const line = gateway.log.find(({ message }) => message === 'handler.blocked')
      const others = Number(line?.['others'])
      expect(line).toMatchObject({ handler: expect.stringMatching(/^consumer:doubling /) })
      // Until it runs alone.
      expect(others > 0).toBe(time === 1)
    }
    await using gateway = await start({}, IMPATIENT)
    await send(gateway, events + 1)
    const [letter] = await waitForAll(dead, 1)
    const doubled = await waitForAll(to, events)

    expect(String(letter?.value)).toBe('{"n":3}')
    expect(letter?.headers).toMatchObject({ 'inlet-dead-code': 'HANDLER_BLOCKED' })
    expect(doubled.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual([
      2, 4, 8, 10, 12, 14,
    ])
  })
})

function doubling({ from, to, dead, body }: Readonly<Record<string, string>>): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('doubling', {
      topics: ['${from}'],
      group: '${from}',
      deadLetterTopic: '${dead}',
      events: {
        '*': onRecord(z.object({ n: z.int() }), async ({ data: { n } }) => {
          const double = async () => { ${body} }
          return { topic: '${to}', value: await double() }
        }),
      },
    })`
}
