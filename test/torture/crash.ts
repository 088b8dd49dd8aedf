/**
 * A crash at every named place: the gateway kills itself there under load, is started again, and
 * senders that got no answer send again. The control acknowledges before it stores: it must lose.
 */
import { join } from 'node:path'
import { DATABASE_FILE } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import type { Failpoint } from '../../src/failpoint.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { startRedis } from '../support/redis-server.ts'
import { openTcpGate, type TcpGate } from '../support/tcp-gate.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { ageDatabase, flushRedis, isStopped, startLocking } from './crash-troubles.ts'
import { startEventSenders } from './event-senders.ts'
import { audit, type Audit } from './ledger.ts'
import { seeded } from './seeded.ts'
import { startSenders } from './senders.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const TOKEN = 'made-up-token-for-torture'
const KEYS = 30
/** Beside the webhooks: requests to /events, each stored as a whole or not at all. */
const BATCHES = { keys: 10, batch: 4, perSecond: 400 }
const DRAIN_MS_MAX = 60_000
/** A place that is not reached under load in this time is not where it is thought to be. */
const REACH_MS_MAX = 15_000
const POLL_MS = 5
/** The exit code of a process that SIGKILL ended. */
const KILLED = 137
/** How long a gateway that was stopped may go on before it is killed. */
const RESUMED_MS = 100
/** Redis holds its replies back for so long, and lets go for so long. */
const REDIS_HELD_MS = 400
const REDIS_FREE_MS = 150
const SHORT_ROUNDS = 1
const FULL_ROUNDS = 20
const CONTROL = [process.execPath, join(import.meta.dir, 'control/early-ack.ts')]
const CONTROL_CASES = ['C3 committed', 'C4']

/** What the world does while the place is waited for. */
type Trouble = 'redis hangs' | 'redis is flushed' | 'database is locked' | 'everything is old'

interface Case {
  /** As in the list of crash points: C for intake, R for the relay. */
  readonly name: string
  readonly point: Failpoint
  /** It is killed when it passes the place for one of the first so many times. */
  readonly hitsMax: number
  readonly trouble?: Trouble
  readonly signal?: 'SIGSTOP'
  /** It is killed up to so many ms after the place. */
  readonly afterMsMax?: number
}

const CASES: readonly Case[] = [
  { name: 'C1', point: 'ingest.verified', hitsMax: 400 },
  { name: 'C2', point: 'ingest.claimed', hitsMax: 400 },
  { name: 'C3 written', point: 'commit.written', hitsMax: 40 },
  { name: 'C3 committed', point: 'commit.unsynced', hitsMax: 40 },
  { name: 'C4', point: 'commit.synced', hitsMax: 40 },
  { name: 'C5', point: 'ingest.done', hitsMax: 400 },
  { name: 'C6', point: 'hint.claim-skipped', hitsMax: 40, trouble: 'redis hangs' },
  { name: 'C7', point: 'hint.done-skipped', hitsMax: 1, trouble: 'redis hangs' },
  { name: 'C8', point: 'commit.synced', hitsMax: 40, trouble: 'redis is flushed' },
  { name: 'C9', point: 'commit.failed', hitsMax: 2, trouble: 'database is locked' },
  { name: 'C10', point: 'open.migrated', hitsMax: 1 },
  { name: 'C11', point: 'retention.deleting', hitsMax: 1, trouble: 'everything is old' },
  { name: 'R1', point: 'relay.reading', hitsMax: 30 },
  { name: 'R2', point: 'relay.read', hitsMax: 20 },
  { name: 'R3', point: 'kafka.sending', hitsMax: 20, afterMsMax: 8 },
  { name: 'R4', point: 'relay.acked', hitsMax: 20 },
  { name: 'R5', point: 'relay.mark-failed', hitsMax: 1, trouble: 'database is locked' },
  { name: 'R6', point: 'relay.acked', hitsMax: 20, signal: 'SIGSTOP' },
  { name: 'R7', point: 'relay.marked', hitsMax: 20 },
]

export async function crash(options: TortureOptions): Promise<Row> {
  const { command, seed } = options
  const rounds = options.cycles ?? (options.form === 'full' ? FULL_ROUNDS : SHORT_ROUNDS)
  const brokers = await options.brokers()
  await using redis = await startRedis()
  const common = { brokers, redisUrl: redis.url }
  const sum = { acked: 0, lost: 0, duplicates: 0, inversions: 0 }
  let missed = 0
  for (let round = 0; round < rounds; round += 1) {
    const result = await crashThrough({ ...common, command, seed: seed + round, cases: CASES })
    for (const name of ['acked', 'lost', 'duplicates', 'inversions'] as const) {
      sum[name] += result[name]
    }
    missed += result.missed.length
    if (result.missed.length > 0) console.error(`not reached: ${result.missed.join(', ')}`)
  }
  const cases = CASES.filter(({ name }) => CONTROL_CASES.includes(name))
  const control = await crashThrough({ ...common, command: CONTROL, seed, cases })
  const crashes = rounds * CASES.length
  const held =
    missed === 0 &&
    sum.acked > 0 &&
    sum.lost === 0 &&
    sum.inversions === 0 &&
    sum.duplicates <= crashes * RELAY_BATCH_ENTRIES_MAX
  const figures = { places: CASES.length, missed }
  return { cases: crashes, ...sum, held, controlCaught: control.lost > 0, figures }
}

interface Round {
  readonly brokers: string
  readonly redisUrl: string
  readonly command: readonly string[]
  readonly seed: number
  readonly cases: readonly Case[]
}

interface RoundResult extends Audit {
  /** Cases whose place was never reached. */
  readonly missed: readonly string[]
}

/** What a case needs of its round. */
interface World {
  readonly random: () => number
  readonly databasePath: string
  readonly gate: TcpGate
  readonly redisUrl: string
  readonly start: (failpoint?: string) => Promise<GatewayProcess>
  /** The senders look here. */
  url: string
}

/** One gateway that crashes at each place once, in an order of the seed, and then drains. */
async function crashThrough(round: Round): Promise<RoundResult> {
  const random = seeded(round.seed)
  await using directory = await makeTempDir()
  const { hostname, port } = new URL(round.redisUrl)
  await using gate = await openTcpGate({ host: hostname, port: Number(port) })
  const topic = await createTopic({ brokers: round.brokers, prefix: 'torture-crash' })
  const env = {
    KAFKA_BROKERS: round.brokers,
    REDIS_URL: `redis://127.0.0.1:${gate.port}`,
    INLET_NODE: `crash-${round.seed}`,
    INLET_SOURCES: 'github',
    INLET_SECRET_GITHUB: SECRET,
    INLET_TOPIC_GITHUB: topic,
    INLET_EVENTS_TOKEN_SHOP: TOKEN,
    INLET_TOPIC_SHOP: topic,
    INLET_LOG_DELIVERIES: 'false',
  }
  const world: World = {
    random,
    gate,
    redisUrl: round.redisUrl,
    databasePath: join(directory.path, 'data', DATABASE_FILE),
    start: (failpoint) =>
      startGateway({
        command: round.command,
        cwd: directory.path,
        env: failpoint === undefined ? env : { ...env, INLET_FAILPOINT: failpoint },
      }),
    url: 'http://127.0.0.1:1',
  }
  const url = () => world.url
  const hooks = startSenders({ url, secret: SECRET, keys: KEYS })
  const batches = startEventSenders({ url, callers: [{ token: TOKEN }], ...BATCHES })
  const missed: string[] = []
  try {
    for (const each of inOrder(round.cases, random)) {
      if (!(await crashOnce(each, world))) missed.push(each.name)
    }
    await using gateway = await world.start()
    world.url = gateway.url
    await Promise.all([hooks.stop(), batches.stop()])
    await gateway.drained(DRAIN_MS_MAX)
    // The same keys, and yet others: each sender waits for nobody but itself.
    const batched = batches.ledger.acked.map((event) => ({ ...event, key: `shop ${event.key}` }))
    const acked = [...hooks.ledger.acked, ...batched]
    return { ...audit({ acked }, await readTopic(round.brokers, topic)), missed }
  } finally {
    await deleteTopics(round.brokers, [topic])
  }
}

/** Starts a gateway that ends at the place, and waits for that. False where it never got there. */
async function crashOnce(each: Case, world: World): Promise<boolean> {
  const hit = 1 + Math.floor(world.random() * each.hitsMax)
  const afterMs = Math.floor(world.random() * ((each.afterMsMax ?? 0) + 1))
  if (each.trouble === 'everything is old') ageDatabase(world.databasePath)
  if (each.trouble === 'redis is flushed') await flushRedis(world.redisUrl)
  let gateway: GatewayProcess
  try {
    gateway = await world.start(`${each.point}:${hit}:${each.signal ?? 'SIGKILL'}:${afterMs}`)
  } catch (error) {
    // Killed while it started.
    if (messageOf(error).includes(`ended with ${KILLED}`)) return true
    throw error
  }
  world.url = gateway.url
  const over = new AbortController()
  const troubling = makeTrouble(each.trouble, world, over.signal)
  try {
    return await reached(each, gateway, world)
  } finally {
    over.abort()
    await troubling
    await gateway.end('SIGKILL')
  }
}

async function reached(each: Case, gateway: GatewayProcess, world: World): Promise<boolean> {
  const deadlineMs = systemClock.monotonicMs() + REACH_MS_MAX
  let exitCode: number | null | undefined
  void gateway.exited.then((code) => (exitCode = code))
  while (exitCode === undefined && systemClock.monotonicMs() < deadlineMs) {
    if (each.signal === 'SIGSTOP' && isStopped(gateway.pid))
      return isOwnedWhileStopped(gateway, world)
    await systemClock.sleep(POLL_MS)
  }
  // Null: a signal ended it, and nobody but itself has sent one.
  return exitCode === null
}

/** Another gateway is refused meanwhile; then the stopped one goes on for a moment. */
async function isOwnedWhileStopped(gateway: GatewayProcess, world: World): Promise<boolean> {
  const refusal = await world.start().then(
    async (second) => {
      await second.end('SIGKILL')
      return 'a second gateway started'
    },
    (error: unknown) => messageOf(error),
  )
  process.kill(gateway.pid, 'SIGCONT')
  await systemClock.sleep(RESUMED_MS)
  return refusal.includes('owns this data directory')
}

async function makeTrouble(
  trouble: Trouble | undefined,
  { gate, databasePath }: World,
  signal: AbortSignal,
): Promise<void> {
  if (trouble === 'database is locked') {
    const locking = startLocking(databasePath)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await locking[Symbol.asyncDispose]()
  }
  while (trouble === 'redis hangs' && !signal.aborted) {
    gate.hold()
    await systemClock.sleep(REDIS_HELD_MS, signal)
    gate.letGo()
    await systemClock.sleep(REDIS_FREE_MS, signal)
  }
}

/** An order of the seed; what makes everything old comes last, when there is something. */
function inOrder(cases: readonly Case[], random: () => number): Case[] {
  return cases
    .map((each) => ({ each, at: each.trouble === 'everything is old' ? 1 : random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each)
}
