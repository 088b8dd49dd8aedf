/**
 * Half of what the gateway can take, for long, while Kafka and Redis fail at random and attackers
 * come and go: nothing is lost or reordered, and memory, open files and the write-ahead log stay
 * where they are. The database grows with what it keeps, and by no more. The control leaks.
 */
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway } from '../support/gateway-process.ts'
import { startKafka, type KafkaServer } from '../support/kafka-server.ts'
import { startRedis, type RedisServer } from '../support/redis-server.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, readTopic } from '../support/topics.ts'
import { flushRedis } from './crash-troubles.ts'
import { audit, type Audit } from './ledger.ts'
import { startPacedSenders } from './paced-senders.ts'
import { openSlowSenders } from './raw-http.ts'
import { seeded } from './seeded.ts'
import type { Row, TortureOptions } from './torture.ts'
import { growthOf, growthOfLeast, slopePerHour, watch, type Vitals } from './vital-signs.ts'

const SECRET = 'made-up-secret-for-torture'
const KEYS = 40
/** Half of what a gateway took that shared two cores with Kafka, Redis and its senders. */
const EVENTS_PER_SECOND = 700

const SHORT_MS = 14_000
const FULL_MS = 20 * 60_000
const CONTROL_MS = 4_000
const DRAIN_MS_MAX = 60_000

const PAUSE_MS = { min: 500, max: 2_500 }
const SLOW_SENDERS = 100
const SAMPLES = 100
/** A slope of less than this says nothing of an hour. */
const SLOPE_MINUTES_MIN = 5

/** The page caches fill up to 32 MiB (at 80,000 events or so); the rest is collected late. */
const RSS_GROWTH_MIB_MAX = 48
/** Those of attackers are gone between two attacks, those of senders come and go. */
const HANDLES_GROWTH_MAX = 40
/** A file of this size is given back: see db/checkpoint.ts. */
const WAL_MIB_MAX = 256
/** Bodies, ids and indexes of an event of 100 bytes with one record. */
const BYTES_PER_EVENT_MAX = 4_000

export async function soak({ command, seed, form, cycles }: TortureOptions): Promise<Row> {
  await using redis = await startRedis()
  await using kafka = await startKafka()
  // A cycle is a minute.
  const ms = cycles === undefined ? (form === 'full' ? FULL_MS : SHORT_MS) : cycles * 60_000
  const parts = { kafka, redis, seed }
  const result = await soakFor(ms, { ...parts, command })
  const control = await soakFor(CONTROL_MS, { ...parts, command: CONTROL })
  const { acked, lost, duplicates, inversions } = result
  const signs = signsOf(result)
  const held =
    acked > 0 &&
    lost === 0 &&
    inversions === 0 &&
    duplicates <= result.faults * RELAY_BATCH_ENTRIES_MAX &&
    isBounded(signs)
  const counts = { acked, lost, duplicates, inversions }
  const controlCaught = !isBounded(signsOf(control))
  return { cases: result.faults, ...counts, held, controlCaught, figures: { ...signs } }
}

const CONTROL = [process.execPath, join(import.meta.dir, 'control/leak.ts')]

interface Soaked extends Audit {
  readonly seen: readonly Vitals[]
  readonly faults: number
}

function signsOf({ seen, acked }: Soaked) {
  const [first, last] = [seen[0], seen.at(-1)]
  const grownMib = (last?.databaseMib ?? 0) - (first?.databaseMib ?? 0)
  const minutes = Math.round(((last?.atMs ?? 0) - (first?.atMs ?? 0)) / 6_000) / 10
  const rssMibPerHour = Math.round(slopePerHour(seen, ({ rssMib }) => rssMib))
  return {
    minutes,
    rssGrowthMib: Math.round(growthOf(seen, ({ rssMib }) => rssMib)),
    ...(minutes < SLOPE_MINUTES_MIN ? {} : { rssMibPerHour }),
    handlesGrowth: growthOfLeast(seen, ({ handles }) => handles),
    walMibMax: Math.round(Math.max(...seen.map(({ walMib }) => walMib))),
    bytesPerEvent: Math.round((grownMib * 1024 * 1024) / Math.max(1, acked)),
  }
}

function isBounded(signs: ReturnType<typeof signsOf>): boolean {
  return (
    signs.rssGrowthMib <= RSS_GROWTH_MIB_MAX &&
    signs.handlesGrowth <= HANDLES_GROWTH_MAX &&
    signs.walMibMax <= WAL_MIB_MAX &&
    signs.bytesPerEvent <= BYTES_PER_EVENT_MAX
  )
}

interface Parts {
  readonly command: readonly string[]
  readonly kafka: KafkaServer
  readonly redis: RedisServer
  readonly seed: number
}

async function soakFor(ms: number, parts: Parts): Promise<Soaked> {
  const { brokers } = parts.kafka
  await using directory = await makeTempDir()
  const topic = await createTopic({ brokers, prefix: 'torture-soak' })
  await using gateway = await startGateway({
    command: parts.command,
    cwd: directory.path,
    env: {
      KAFKA_BROKERS: brokers,
      REDIS_URL: parts.redis.url,
      INLET_NODE: `soak-${parts.seed}`,
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: SECRET,
      INLET_TOPIC_GITHUB: topic,
      INLET_LOG_DELIVERIES: 'false',
    },
  })
  const over = new AbortController()
  const databasePath = join(directory.path, 'data', DATABASE_FILE)
  const watching = watch({ pid: gateway.pid, databasePath, everyMs: ms / SAMPLES }, over.signal)
  const failing = failAtRandom(gateway.url, parts, over.signal)
  const senders = startPacedSenders({
    url: gateway.url,
    secret: SECRET,
    keys: KEYS,
    perSecond: EVENTS_PER_SECOND,
  })
  await systemClock.sleep(ms)
  over.abort()
  const faults = await failing
  const seen = await watching
  await senders.stop()
  await gateway.drained(DRAIN_MS_MAX)
  return { ...audit(senders.ledger, await readTopic(brokers, topic)), seen, faults }
}

/** One trouble after the other, each with a pause behind it. Resolves to how many there were. */
async function failAtRandom(
  url: string,
  { kafka, redis, seed }: Parts,
  signal: AbortSignal,
): Promise<number> {
  const random = seeded(seed)
  const pause = () =>
    systemClock.sleep(PAUSE_MS.min + (PAUSE_MS.max - PAUSE_MS.min) * random(), signal)
  async function during(begin: () => void, end: () => void): Promise<void> {
    begin()
    await pause()
    end()
  }
  const troubles = [
    () =>
      during(
        () => kafka.pause(),
        () => kafka.resume(),
      ),
    () =>
      during(
        () => redis.pause(),
        () => redis.resume(),
      ),
    () => flushRedis(redis.url),
    async () => {
      const slow = openSlowSenders(url, SLOW_SENDERS)
      await pause()
      slow.close()
    },
  ]
  let faults = 0
  while (!signal.aborted) {
    await pause()
    await troubles[Math.floor(random() * troubles.length)]?.()
    faults += 1
  }
  return faults
}
