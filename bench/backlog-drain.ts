import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { createTopicNamed } from '../test/support/topics.ts'
import { sendBare, writeRecords } from './bare-sends.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { startBroker } from './broker.ts'
import type { Gateway } from './contestants.ts'
import { describeMachine } from './machine.ts'
import { openLoadCount, runOpenLoad } from './open-load.ts'
import { LOAD_OPTIONS, positive, readLoadOptions } from './options.ts'
import { drain } from './saturation.ts'
import { BACKLOG_TOPIC, copySeed, seedBacklog } from './seeds.ts'
import { areSteady, describeSpread, median, percentile, spreadOf } from './statistics.ts'
import { peakMemoryMib } from './usage.ts'
import {
  OTHERS_CPU,
  prepare,
  SERVER_CPU,
  SHAPE,
  sign,
  startStripeGateway,
} from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench backlog [options]
What a million events that wait for Kafka cost \`dist/inlet serve\`: how fast they are published
once it is back, against kafkajs alone; what that takes from intake meanwhile; and how much memory
it takes that they wait. The ratio is kafkajs's rate to ours, so that of the times; less is better.
The first run makes the backlog in the cache folder; each copies it.

  --count N       events that wait (1000000, of 2.3 kB)
  --rate N        events a second that come meanwhile, open loop, Poisson (2000)
  --rounds N      rounds of intake, with and without a backlog (5)
  --seconds N     length of such a round (3)
  --data-dir DIR  a directory on the disk to measure (the system's temporary one)
  --no-build      measures dist/inlet as it is
  --json          the last line is one JSON object`

const PARTITIONS = 6
const BARE_TOPIC = 'bench-bare'
const BARE_RECORDS = 40_000
/** Far more than are in flight, so that a request seldom waits for one. */
const CONNECTIONS = 1_024
const LATE_P99_MS_MAX = 2
/** Of the backlog, what is left for the time when nothing comes. */
const KEPT_SHARE = 0.3

/** A million events that wait: time to drain, intake meanwhile, memory. */
export const backlog: Benchmark = { name: 'backlog', help: HELP, run }

type Options = ReturnType<typeof parse> & { readonly directory: string }

async function run(args: readonly string[]): Promise<Report> {
  const parsed = parse(args)
  prepare(parsed)
  const seed = await seedBacklog(parsed.count, SHAPE)
  using workspace = makeWorkspace(parsed.dataDir)
  const options = { ...parsed, directory: workspace.path }
  const full = join(workspace.path, 'full')
  const empty = join(workspace.path, 'empty')
  copySeed(seed, join(full, 'data'))
  mkdirSync(empty)
  const emptyMib = await memoryWhileWaiting(empty, options)
  const waitingMib = await memoryWhileWaiting(full, options)
  const drained = await drainAndTake(full, options)
  const { drainPerSecond, meanwhile, afterwards } = drained
  const bare = spreadOf(drained.bare)
  const p99s = (rounds: readonly Intake[]) => spreadOf(rounds.map(({ ackP99Ms }) => ackP99Ms))
  const late = [...meanwhile, ...afterwards].map(({ lateP99Ms }) => lateP99Ms)
  const figures = {
    ratio: bare.median / drainPerSecond,
    drainPerSecond,
    bare,
    ackP99RatioMeanwhile: p99s(meanwhile).median / p99s(afterwards).median,
    ackP99MsMeanwhile: p99s(meanwhile),
    ackP99Ms: p99s(afterwards),
    extraMemoryMib: waitingMib - emptyMib,
    emptyMib,
    waitingMib,
    drainingMib: drained.memoryMib,
    lateP99Ms: spreadOf(late),
  }
  for (const [name, value] of Object.entries(figures)) {
    const shown = typeof value === 'number' ? value.toFixed(2) : describeSpread(value, 2)
    console.error(`${name}: ${shown}`)
  }
  const valid = median(late) <= LATE_P99_MS_MAX && areSteady(bare)
  if (!valid) console.error('NOT VALID: other programs kept the generator or kafkajs waiting')
  const machine = describeMachine()
  return {
    name: 'backlog',
    ratio: figures.ratio,
    valid,
    figures: { machine, ...parsed, ...figures },
  }
}

/** One round of requests that come when they come. */
interface Intake {
  readonly ackP99Ms: number
  readonly lateP99Ms: number
}

function start(directory: string, env: Readonly<Record<string, string>> = {}) {
  return startStripeGateway(directory, 'unreachable', env)
}

/** What it takes at most while Kafka is down and events come. */
async function memoryWhileWaiting(directory: string, options: Options): Promise<number> {
  await using gateway = await start(directory)
  await takeEvents(gateway, { ...options, seed: 0 })
  return peakMemoryMib(gateway.pid)
}

async function takeEvents(
  gateway: Gateway,
  how: Options & { readonly seed: number },
): Promise<Intake> {
  const { rate: perSecond, seconds } = how
  const count = openLoadCount(perSecond, seconds)
  const { requests, lateP99Ms } = await runOpenLoad({
    ...how,
    perSecond,
    url: gateway.url,
    presigned: sign(count),
    connections: CONNECTIONS,
    cpu: OTHERS_CPU,
  })
  const failed = requests.find(({ status }) => status !== 202)
  if (failed !== undefined) throw new Error(`a request was answered ${failed.status}`)
  const ack = requests.map(({ intendedMs, answeredMs }) => answeredMs - intendedMs)
  return { ackP99Ms: percentile(ack, 0.99), lateP99Ms }
}

/** Publishes it all: with events coming, then without; then takes as many with nothing waiting. */
async function drainAndTake(directory: string, options: Options) {
  await using broker = await startBroker(OTHERS_CPU)
  const { brokers } = broker
  for (const topic of [BACKLOG_TOPIC, BARE_TOPIC]) {
    await createTopicNamed(topic, { brokers, partitions: PARTITIONS })
  }
  const written = { directory: options.directory, topic: BARE_TOPIC, shape: SHAPE }
  const { records } = await writeRecords(BARE_RECORDS, written)
  const bare: number[] = []
  for (let round = 0; round <= options.rounds; round += 1) {
    bare.push(await sendBare({ brokers, topic: BARE_TOPIC, records, cpu: SERVER_CPU }))
  }
  await using gateway = await start(directory, { INLET_SINK: 'kafka', KAFKA_BROKERS: brokers })
  const atStart = await gateway.pending()
  await drain(gateway, atStart)
  const meanwhile = await intakeRounds(gateway, options, KEPT_SHARE * options.count)
  const pending = await gateway.pending()
  if (pending === 0) throw new Error('nothing waited any more: raise --count')
  const startedMs = systemClock.monotonicMs()
  await drain(gateway)
  const drainPerSecond = (1000 * pending) / (systemClock.monotonicMs() - startedMs)
  const memoryMib = peakMemoryMib(gateway.pid)
  const afterwards = await intakeRounds(gateway, options)
  return { bare: bare.slice(1), meanwhile, afterwards, drainPerSecond, memoryMib }
}

/** Fewer rounds than it shall where less than `pendingMin` waits: the rest is to be timed. */
async function intakeRounds(gateway: Gateway, options: Options, pendingMin = 0): Promise<Intake[]> {
  const rounds: Intake[] = []
  for (let seed = 0; seed < options.rounds; seed += 1) {
    if (seed > 0 && (await gateway.pending()) < pendingMin) break
    rounds.push(await takeEvents(gateway, { ...options, seed }))
  }
  return rounds
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '1000000' },
      rate: { type: 'string', default: '2000' },
      ...LOAD_OPTIONS,
    },
  })
  return {
    count: positive('--count', values.count),
    rate: positive('--rate', values.rate),
    ...readLoadOptions(values),
  }
}
