/**
 * kill -9 under load, again and again: every event that got a 2xx must be on the topic, in the
 * order of its key. The control acknowledges first and stores 50 ms later, as a buffer in memory
 * would: it must lose events.
 */
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { audit, countStoredTwice, type Audit } from './ledger.ts'
import { seeded } from './seeded.ts'
import { startSenders } from './senders.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 50
const KILL_AFTER_MS = { min: 50, max: 600 }
const DRAIN_MS_MAX = 60_000
const SHORT_CYCLES = 8
const FULL_CYCLES = 400
/** The control loses in nearly every cycle: a few are enough. */
const CONTROL_CYCLES = 3
const CONTROL = [process.execPath, join(import.meta.dir, 'control/early-ack.ts')]

interface Cycles {
  readonly brokers: string
  readonly command: readonly string[]
  readonly cycles: number
  readonly seed: number
}

export async function kill(options: TortureOptions): Promise<Row> {
  const { command, seed } = options
  const cycles = options.cycles ?? (options.form === 'full' ? FULL_CYCLES : SHORT_CYCLES)
  const brokers = await options.brokers()
  const { storedTwice, ...result } = await killCycles({ brokers, command, seed, cycles })
  const control = await killCycles({ brokers, command: CONTROL, seed, cycles: CONTROL_CYCLES })
  const held =
    result.acked > 0 &&
    result.lost === 0 &&
    result.inversions === 0 &&
    storedTwice === 0 &&
    result.duplicates <= cycles * RELAY_BATCH_ENTRIES_MAX
  const figures = { 'stored twice': storedTwice }
  return { cases: cycles, ...result, held, controlCaught: control.lost > 0, figures }
}

async function killCycles(options: Cycles): Promise<Audit & { readonly storedTwice: number }> {
  const random = seeded(options.seed)
  await using directory = await makeTempDir()
  const topic = await createTopic({ brokers: options.brokers, prefix: 'torture-kill' })
  const start = () =>
    startGateway({
      command: options.command,
      cwd: directory.path,
      env: {
        KAFKA_BROKERS: options.brokers,
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: SECRET,
        INLET_TOPIC_GITHUB: topic,
        INLET_LOG_DELIVERIES: 'false',
      },
    })
  let gateway: GatewayProcess = await start()
  const senders = startSenders({ url: () => gateway.url, secret: SECRET, keys: KEYS })
  try {
    for (let cycle = 0; cycle < options.cycles; cycle += 1) {
      const { min, max } = KILL_AFTER_MS
      await systemClock.sleep(min + (max - min) * random())
      await gateway.end('SIGKILL')
      gateway = await start()
    }
    await senders.stop()
    await gateway.drained(DRAIN_MS_MAX)
    const records = await readTopic(options.brokers, topic)
    return { ...audit(senders.ledger, records), storedTwice: countStoredTwice(records) }
  } finally {
    await gateway.end('SIGKILL')
    await deleteTopics(options.brokers, [topic])
  }
}
