/**
 * Windows with real processes and the real Kafka: each window of each key closes once in effect,
 * with every event of it, wherever a process is killed.
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import type { Failpoint } from '../../src/failpoint.ts'
import { produce } from '../consume/node.ts'
import { startGateway } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic, type StoredRecord } from '../support/topics.ts'

setDefaultTimeout(120_000)
const WAIT_MS_MAX = 60_000
const POLL_MS = 100
const MAIN = join(import.meta.dir, '../../src/main.ts')
const KEYS = ['a', 'b', 'c', 'd']
/** Of each key: an event a second, in windows of ten. */
const EVENTS = 300
const SIZE = 10
const WINDOWS = KEYS.length * (EVENTS / SIZE)

/** Neighbours overtake each other; the last one of a key closes everything before it. */
function events() {
  const start = Date.UTC(2026, 0, 1)
  return Array.from({ length: EVENTS + 1 }, (_, n) => {
    const second = n === EVENTS ? EVENTS * 2 : n ^ 1
    return KEYS.map((key) => ({ key, value: { at: start + second * 1_000, second } }))
  }).flat()
}

describeWithKafka('windows, end to end', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  async function openWorld() {
    const directory = await makeTempDir()
    const [from, to] = await Promise.all([
      createTopic({ brokers, prefix: 'windows-from' }),
      createTopic({ brokers, prefix: 'windows-to' }),
    ])
    topics.push(from, to)
    await produce(brokers, from, events())
    mkdirSync(join(directory.path, 'handlers'))
    writeFileSync(join(directory.path, 'handlers/sums.ts'), sums(from, to))
    const start = (more: Readonly<Record<string, string>> = {}) =>
      startGateway({
        command: [process.execPath, MAIN],
        cwd: directory.path,
        env: { KAFKA_BROKERS: brokers, ...more },
      })
    return { directory, to, start }
  }

  /** By `ce_id`: the relay may have sent a record twice. */
  async function waitForAll(topic: string): Promise<readonly StoredRecord[]> {
    const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
    for (;;) {
      const records = await readTopic(brokers, topic)
      const byId = new Map(records.map((record) => [record.headers['ce_id'], record]))
      if (byId.size >= WINDOWS || systemClock.monotonicMs() > deadlineMs) return [...byId.values()]
      await systemClock.sleep(POLL_MS)
    }
  }

  const KILLS: readonly Failpoint[] = ['consume.handled', 'consume.stored']

  test('each window closes once in effect, with all of its events, whatever is killed', async () => {
    await Promise.all(
      KILLS.map(async (point) => {
        const { directory, to, start } = await openWorld()
        await using _ = directory
        const killed = await start({ INLET_FAILPOINT: `${point}:1:SIGKILL:0` })
        expect(await killed.exited).toBeNull()
        const gateway = await start()
        const closed = await waitForAll(to)
        expect(await gateway.end('SIGTERM')).toBe(0)

        const texts = closed.map(({ key, value }) => `${String(key)} ${String(value)}`)
        const expected = KEYS.flatMap((key) =>
          Array.from({ length: EVENTS / SIZE }, (__, window) => {
            const seconds = Array.from({ length: SIZE }, (___, at) => window * SIZE + at)
            return `${key} ${JSON.stringify(seconds)}`
          }),
        )
        expect(texts.toSorted()).toEqual(expected.toSorted())
      }),
    )
  })
})

function sums(from: string, to: string): string {
  return `
    import { aggregate, defineConsumer, tumbling, z } from 'inlet'
    const Seconds = z.array(z.int())
    const Sample = z.object({ at: z.int(), second: z.int() })
    export default defineConsumer('sums', {
      topics: ['${from}'],
      group: '${from}',
      state: Seconds,
      window: {
        over: tumbling('${SIZE}s'),
        onClose: ({ key, state }) => ({
          topic: '${to}',
          key,
          value: state.toSorted((a, b) => a - b),
        }),
      },
      events: {
        '*': aggregate(Sample, Seconds, (all = [], { data }) => [...all, data.second], {
          eventTime: ({ data }) => data.at,
        }),
      },
    })`
}
