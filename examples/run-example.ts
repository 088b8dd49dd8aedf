/** Runs an example: its topics, a gateway with its handlers, and what is read in the end. */
import { join } from 'node:path'
import type { SignedDelivery } from '../test/e2e/providers-at-work.ts'
import { startGateway } from '../test/support/gateway-process.ts'
import { makeTempDir } from '../test/support/temp.ts'
import {
  createTopicNamed,
  deleteTopics,
  readTopic,
  type StoredRecord,
} from '../test/support/topics.ts'

export interface ExampleOptions {
  /** Its folder, with `handlers` in it. */
  readonly directory: string
  /** Made before, and deleted afterwards. */
  readonly topics: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export interface Example {
  /** Sends it as its provider would. */
  deliver(delivery: Pick<SignedDelivery, 'source' | 'headers' | 'body'>): Promise<void>
  /** Waits until so many records are in the topic. */
  records(topic: string, count: number): Promise<readonly StoredRecord[]>
}

const WAIT_MS_MAX = 60_000
const POLL_MS = 100

export async function runExample(
  { directory, topics, env }: ExampleOptions,
  play: (example: Example) => Promise<void>,
): Promise<void> {
  const brokers = Bun.env['KAFKA_BROKERS']
  if (brokers === undefined) throw new Error('set KAFKA_BROKERS, or use scripts/with-servers.ts')
  for (const topic of topics) await createTopicNamed(topic, { brokers, partitions: 3 })
  try {
    await using folder = await makeTempDir()
    await using gateway = await startGateway({
      command: [process.execPath, join(import.meta.dir, '../src/main.ts')],
      cwd: folder.path,
      env: { KAFKA_BROKERS: brokers, INLET_HANDLERS_DIR: join(directory, 'handlers'), ...env },
    })
    await play({
      async deliver({ source, headers, body }) {
        const answer = await fetch(`${gateway.url}/hooks/${source}`, {
          method: 'POST',
          headers,
          body,
        })
        if (answer.status !== 202) throw new Error(`the gateway answers ${await answer.text()}`)
      },
      records: (topic, count) => waitFor(brokers, topic, count),
    })
    await gateway.end('SIGTERM')
  } finally {
    await deleteTopics(brokers, topics)
  }
}

async function waitFor(
  brokers: string,
  topic: string,
  count: number,
): Promise<readonly StoredRecord[]> {
  const deadlineMs = performance.now() + WAIT_MS_MAX
  for (;;) {
    const records = await readTopic(brokers, topic)
    if (records.length >= count) return records
    if (performance.now() > deadlineMs) {
      throw new Error(`${records.length} of ${count} records in ${topic} after ${WAIT_MS_MAX} ms`)
    }
    await Bun.sleep(POLL_MS)
  }
}
