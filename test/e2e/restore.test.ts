/**
 * A gateway with consumers is restored from its backup, as docs/operations.md says it: what Kafka
 * has of the time since counts once more on the state that was backed up, and nothing is left out.
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Consumers, type ConsumerRow } from '../../src/admin-api/consumers.ts'
import { systemClock } from '../../src/clock.ts'
import { produce } from '../consume/node.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import {
  createTopic,
  createTopicNamed,
  deleteTopics,
  readTopic,
  type StoredRecord,
} from '../support/topics.ts'

setDefaultTimeout(120_000)
const WAIT_MS_MAX = 60_000
const POLL_MS = 100
const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

describeWithKafka('a restored gateway', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  /** What a command prints, run in a folder beside its gateway, with its exit code. */
  async function inlet(cwd: string, args: readonly string[], gateway?: GatewayProcess) {
    const port = gateway === undefined ? {} : { INLET_ADMIN_PORT: new URL(gateway.adminUrl).port }
    const child = Bun.spawn([...COMMAND, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', KAFKA_BROKERS: brokers, ...port },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const said = await Promise.all(
      [child.stdout, child.stderr].map((each) => new Response(each).text()),
    )
    return { code: await child.exited, text: said.join('') }
  }

  const start = (cwd: string) =>
    startGateway({ command: COMMAND, cwd, env: { KAFKA_BROKERS: brokers } })

  function putBack(backup: string, folder: string): void {
    mkdirSync(join(folder, 'data'))
    copyFileSync(backup, join(folder, 'data/inlet.db'))
  }

  test('its consumers handle again what the backup does not know, on its state', async () => {
    await using directory = await makeTempDir()
    await using other = await makeTempDir()
    const [from, counts] = await Promise.all([
      createTopic({ brokers, prefix: 'restore-from' }),
      createTopic({ brokers, prefix: 'restore-counts' }),
    ])
    const late = `${from}-late`
    topics.push(from, counts, late)
    const send = (first: number, end: number) =>
      produce(
        brokers,
        from,
        Array.from({ length: end - first }, (_, at) => ({ key: 'a', value: { n: first + at } })),
      )
    for (const { path } of [directory, other]) {
      mkdirSync(join(path, 'handlers'))
      writeFileSync(join(path, 'handlers/counting.ts'), counting(from, counts))
      writeFileSync(join(path, 'handlers/copying.ts'), copying(from, late))
    }
    const backup = join(directory.path, 'backup.db')
    {
      await using first = await start(directory.path)
      await send(0, 5)
      await until(first, 'both', (each) => each.processed === 5)
      expect(await inlet(directory.path, ['backup', backup])).toMatchObject({ code: 0 })
      // What is made of these is nowhere but in the file that is lost: their topic is missing.
      await send(5, 8)
      await until(first, 'both', (each) => each.processed === 8)
      expect(await first.end('SIGTERM')).toBe(0)
    }
    renameSync(join(directory.path, 'data'), join(directory.path, 'lost'))
    putBack(backup, directory.path)
    await createTopicNamed(late, { brokers })

    await using restored = await start(directory.path)
    await until(restored, 'copying', (each) => each.processed === 3)
    expect(linesOf(restored, 'consumer.taken_back')).toMatchObject([
      { consumer: 'copying', from: 5, to: 8 },
    ])
    await restored.drained(WAIT_MS_MAX)
    expect(distinct(await readTopic(brokers, late))).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ])

    const adopt = ['consumers', 'adopt', 'counting']
    const advice = 'inlet consumers adopt counting'
    await until(restored, 'counting', (each) => each.reason !== null)
    expect((await inlet(directory.path, ['consumers'], restored)).text).toContain(advice)
    expect((await inlet(directory.path, ['doctor'], restored)).text).toContain(advice)
    expect(await inlet(directory.path, adopt, restored)).toMatchObject({ code: 0 })
    await until(restored, 'counting', (each) => each.processed === 3 && each.reason === null)
    expect(linesOf(restored, 'consumer.taken_back').at(-1)).toMatchObject({
      consumer: 'counting',
      from: 5,
      to: 8,
    })

    // A second file of the group is refused while the first is read from, whatever is said to it.
    putBack(backup, other.path)
    {
      await using second = await start(other.path)
      await until(second, 'counting', (each) => each.reason !== null)
      const { code, text } = await inlet(other.path, adopt, second)
      expect(code).toBe(1)
      expect(text).toContain('Somebody reads in the group')
      await send(8, 9)
      await until(restored, 'counting', (each) => each.processed === 4)
    }
    expect(linesOf(restored, 'consumer.ended')).toHaveLength(1)
    await restored.drained(WAIT_MS_MAX)
    const counted = await readTopic(brokers, counts)
    // Some came twice, always with the same result: nothing was counted twice, or left out.
    const results = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => `"${n} is ${n + 1}"`)
    expect(distinct(counted)).toEqual(results)
    expect(new Set(counted.map(({ headers }) => headers['ce_id'])).size).toBe(results.length)
  })
})

function distinct(records: readonly StoredRecord[]): readonly string[] {
  return [...new Set(records.map(({ value }) => String(value)))].toSorted()
}

function linesOf(gateway: GatewayProcess, message: string) {
  return gateway.log.filter((line) => line.message === message)
}

/** Polls until it holds for a consumer, or for both. */
async function until(
  gateway: GatewayProcess,
  name: 'counting' | 'copying' | 'both',
  holds: (consumer: ConsumerRow) => boolean,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  for (;;) {
    const response = await fetch(`${gateway.adminUrl}/api/consumers`)
    const { consumers } = Consumers.parse(await response.json())
    const meant = consumers.filter((each) => name === 'both' || each.name === name)
    if (meant.every(holds)) return
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(JSON.stringify(meant))
    await systemClock.sleep(POLL_MS)
  }
}

function counting(from: string, to: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('counting', {
      topics: ['${from}'],
      group: '${from}.counting',
      state: z.int(),
      events: {
        '*': onRecord(z.object({ n: z.int() }), z.int(), ({ data, key, state }) => {
          const count = (state.get() ?? 0) + 1
          state.set(count)
          return { topic: '${to}', key, value: data.n + ' is ' + count }
        }),
      },
    })`
}

function copying(from: string, to: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    export default defineConsumer('copying', {
      topics: ['${from}'],
      group: '${from}.copying',
      events: {
        '*': onRecord(z.object({ n: z.int() }), ({ data, key }) => (
          { topic: '${to}', key, value: data.n }
        )),
      },
    })`
}
