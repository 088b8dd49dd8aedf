/**
 * A second gateway on the data of a first, which runs, or is stopped and goes on: the second is
 * refused every time, and what the first publishes stays in order. The control takes the lock away:
 * it must be seen that the second starts.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { startGateway } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { audit } from './ledger.ts'
import { startSenders } from './senders.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 50
const ROUNDS = { full: 100, short: 4 }
const BETWEEN_MS = 200
const DRAIN_MS_MAX = 60_000
const LOCK = 'data/inlet.lock.db'
const REFUSAL = 'Another process owns this data directory'

export async function two(options: TortureOptions): Promise<Row> {
  const brokers = await options.brokers()
  const rounds = options.cycles ?? ROUNDS[options.form]
  await using directory = await makeTempDir()
  const topic = await createTopic({ brokers, prefix: 'torture-two' })
  const serve = {
    command: options.command,
    cwd: directory.path,
    env: {
      KAFKA_BROKERS: brokers,
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_TOPIC_GITHUB: topic,
      INLET_LOG_DELIVERIES: 'false',
    },
  }
  /** Whether a second one is turned away, and says why. */
  async function isRefused(): Promise<boolean> {
    try {
      const second = await startGateway(serve)
      await second.end('SIGKILL')
      return false
    } catch (error) {
      return error instanceof Error && error.message.includes(REFUSAL)
    }
  }

  await using first = await startGateway(serve)
  const senders = startSenders({ url: () => first.url, secret: SECRET, keys: KEYS })
  let refused = 0
  for (let round = 0; round < rounds; round += 1) {
    await systemClock.sleep(BETWEEN_MS)
    if (await isRefused()) refused += 1
    process.kill(first.pid, 'SIGSTOP')
    if (await isRefused()) refused += 1
    process.kill(first.pid, 'SIGCONT')
  }
  await senders.stop()
  await first.drained(DRAIN_MS_MAX)
  const audited = audit(senders.ledger, await readTopic(brokers, topic))
  await deleteTopics(brokers, [topic])
  rmSync(join(directory.path, LOCK))
  const control = await isRefused()
  const { acked, lost, duplicates, inversions } = audited
  const cases = 2 * rounds
  const isWhole = acked > 0 && lost === 0 && duplicates === 0 && inversions === 0
  return { cases, ...audited, held: isWhole && refused === cases, controlCaught: !control }
}
