/**
 * A consumer that is killed again and again while it works through a topic with repetitions: what
 * its handler makes of each record must be on disk once, in the order of its key. The controls tell
 * where they are before they have done anything, which must lose, and know no record again, which
 * must double.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DATABASE_FILE, openReader } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { seeded } from './seeded.ts'
import type { Row, TortureOptions } from './torture.ts'

const NODE = join(import.meta.dir, 'control/consume-node.ts')
const KEYS = 50
const RECORDS_PER_CYCLE = 600
/** Every so many records one comes once more, as after a relay that was killed. */
const REPEATED_EVERY = 20
/** The records of a cycle take 180 ms: every kill comes in the middle of them. */
const KILL_AFTER_MS = { min: 5, max: 100 }
const DONE_MS_MAX = 30_000
const SHORT_CYCLES = 3
const FULL_CYCLES = 200
const CONTROL_CYCLES = 1
/** How long Kafka waits for a member that was killed. */
const SESSION_MS = '1000'

interface Trial {
  readonly brokers: string
  readonly mode: 'real' | 'offsets-first' | 'no-dedup'
  readonly cycles: number
  readonly seed: number
}

interface Outcome {
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly inversions: number
}

export async function consume(options: TortureOptions): Promise<Row> {
  const { seed, form } = options
  const brokers = await options.brokers()
  const cycles = options.cycles ?? (form === 'full' ? FULL_CYCLES : SHORT_CYCLES)
  const common = { brokers, seed, cycles: CONTROL_CYCLES }
  const [real, early, forgetful] = await Promise.all([
    consumeThroughKills({ ...common, mode: 'real', cycles }),
    consumeThroughKills({ ...common, mode: 'offsets-first' }),
    consumeThroughKills({ ...common, mode: 'no-dedup' }),
  ])
  const { records, lost, doubled, inversions } = real
  return {
    cases: cycles,
    acked: records,
    lost,
    duplicates: doubled,
    inversions,
    held: lost === 0 && doubled === 0 && inversions === 0,
    controlCaught: early.lost > 0 && forgetful.doubled > 0,
    figures: { 'lost, offsets first': early.lost, 'doubled, no dedup': forgetful.doubled },
  }
}

async function consumeThroughKills({ brokers, mode, cycles, seed }: Trial): Promise<Outcome> {
  const random = seeded(seed)
  const topic = await createTopic({ brokers, prefix: 'torture-consume' })
  await using directory = await makeTempDir()
  const records = cycles * RECORDS_PER_CYCLE
  const end = await produce(brokers, topic, records)
  const env = {
    PATH: process.env['PATH'] ?? '',
    KAFKA_BROKERS: brokers,
    DATA: directory.path,
    TOPIC: topic,
    MODE: mode,
    SESSION_MS,
    END: String(end),
  }
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await using node = startNode(env)
    await node.said(['working', 'done'])
    const { min, max } = KILL_AFTER_MS
    await systemClock.sleep(min + (max - min) * random())
    await node.end('SIGKILL')
  }
  await using last = startNode(env)
  await last.said(['done'])
  await last.end('SIGTERM')
  await deleteTopics(brokers, [topic])
  return auditLedger(join(directory.path, DATABASE_FILE), records)
}

/** Resolves to how many records the topic has. */
async function produce(brokers: string, topic: string, count: number): Promise<number> {
  const publisher = openKafkaPublisher({
    brokers: brokers.split(','),
    clientId: 'torture',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
  })
  const records = Array.from({ length: count }, (_, n) => {
    const headers = { ce_id: String(n), ce_source: 'torture', ce_type: 'counted' }
    const key = String(n % KEYS)
    return { topic, key, headers, value: new TextEncoder().encode(JSON.stringify({ n })) }
  })
  const repeated = records.flatMap((record, n) =>
    n % REPEATED_EVERY === 0 ? [record, record] : [record],
  )
  for (let at = 0; at < repeated.length; at += 500) {
    await publisher.publish(repeated.slice(at, at + 500))
  }
  await publisher.close()
  return repeated.length
}

interface ConsumeNode extends AsyncDisposable {
  /** Resolves once it says one of these. */
  said(words: readonly string[]): Promise<void>
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

function startNode(env: Readonly<Record<string, string>>): ConsumeNode {
  const child = spawn(process.execPath, [NODE], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let word = ''
  const listeners = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    word = line
    for (const listener of listeners) listener()
  })
  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    child.kill(signal)
    await gone
  }
  return {
    end,
    async said(words) {
      const patience = new AbortController()
      const check = () => {
        if (words.includes(word)) patience.abort()
      }
      listeners.add(check)
      check()
      await Promise.race([systemClock.sleep(DONE_MS_MAX, patience.signal), gone])
      if (!words.includes(word)) throw new Error(`the consumer never says ${words.join(' or ')}`)
    },
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

/** What the outbox has of each record: once, and of each key in the order of the topic. */
function auditLedger(path: string, records: number): Outcome {
  using reader = openReader(path)
  const rows = reader.client
    .query<{ n: number; key: string }, []>(
      'SELECT CAST(CAST(value AS TEXT) AS INTEGER) AS n, key FROM outbox ORDER BY seq',
    )
    .all()
  const seen = new Set<number>()
  const last = new Map<string, number>()
  let inversions = 0
  for (const { n, key } of rows) {
    if (seen.has(n)) continue
    seen.add(n)
    if (n < (last.get(key) ?? -1)) inversions += 1
    last.set(key, n)
  }
  const doubled = rows.length - seen.size
  return { records, lost: records - seen.size, doubled, inversions }
}
