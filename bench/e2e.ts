import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { createTopicNamed } from '../test/support/topics.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { moveToCpu, startBroker, type Broker } from './broker.ts'
import { startConsumer, type Consumer } from './consumer.ts'
import { startBarePublisher, type Contestant } from './contestants.ts'
import { describeMachine } from './machine.ts'
import { openLoadCount, runOpenLoad } from './open-load.ts'
import { LOAD_OPTIONS, readLoadOptions } from './options.ts'
import { tokenOf, tokenOffsetInBody } from './presign.ts'
import { drain, saturate } from './saturation.ts'
import { describeSpread, percentile, spreadOf } from './statistics.ts'
import { cpuMsOf } from './usage.ts'
import {
  OTHERS_CPU,
  prepare,
  SERVER_CPU,
  SHAPE,
  sign,
  startStripeGateway,
} from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench e2e [options]
The time from the 202 of \`dist/inlet serve\` until a consumer of a real Kafka sees the record, at
25, 50 and 70 % of what it takes, with requests that come when they come (open loop, Poisson);
against bare kafkajs, produce → consume, at the same rates. The ratio is that of the medians at
50 %; less is better.

  --rounds N     counted rounds of each at each load, after one to warm up (5)
  --seconds N    length of a round (3)
  --data-dir DIR a directory on the disk to measure (the system's temporary one)
  --no-build     measures dist/inlet as it is
  --json         the last line is one JSON object`

const LOADS = [0.25, 0.5, 0.7] as const
const HEADLINE_LOAD = 0.5
/** Far more than are in flight, so that a request seldom waits for one. */
const OPEN_CONNECTIONS = 1_024
const TOPIC = 'webhooks.stripe'
const BARE_TOPIC = 'bench-bare'
const VISIBLE_MS_MAX = 30_000
const POLL_MS = 10
/** A generator that was later than this was kept waiting, by itself or by other programs. */
const LATE_P99_MS_MAX = 2

/** 202 → visible to a consumer, against produce → consume. */
export const e2e: Benchmark = { name: 'e2e', help: HELP, run }

interface Setting {
  readonly directory: string
  readonly consumer: Consumer
  readonly broker: Broker
}

/** One round of one contestant at one load; times in ms. */
interface Round {
  readonly ackP50: number
  readonly ackP99: number
  /** As the requests come every fraction of a ms, no stall of the server was longer. */
  readonly ackMax: number
  readonly visibleP50: number
  readonly visibleP99: number
  readonly lateP99: number
  /** Of the last core: generator, broker and consumer together. */
  readonly othersBusy: number
}

async function run(args: readonly string[]): Promise<Report> {
  const { rounds, seconds, dataDir, build } = parse(args)
  prepare({ build })
  using workspace = makeWorkspace(dataDir)
  const directory = workspace.path
  await using broker = await startBroker(OTHERS_CPU)
  moveToCpu(process.pid, OTHERS_CPU)
  const { brokers } = broker
  for (const topic of [TOPIC, BARE_TOPIC]) await createTopicNamed(topic, { brokers })
  await using gateway = await startStripeGateway(directory, 'unreachable', {
    INLET_SINK: 'kafka',
    KAFKA_BROKERS: brokers,
  })
  const saturation = await saturate(gateway, { directory, cpu: OTHERS_CPU, sign })
  console.error(`saturated at ${saturation.toFixed(0)} events a second`)
  await drain(gateway)
  gateway.freeze()
  await using bare = await startBarePublisher({
    directory,
    cpu: SERVER_CPU,
    brokers,
    topic: BARE_TOPIC,
  })
  bare.freeze()
  const tokenAt = tokenOffsetInBody(sign(1))
  await using consumer = await startConsumer({
    brokers,
    topics: [TOPIC, BARE_TOPIC],
    nameOf: (value) => value.toString('latin1', tokenAt, tokenAt + SHAPE.tokenChars),
  })
  const setting: Setting = { directory, consumer, broker }

  const outcomes = []
  for (const load of LOADS) {
    const perSecond = load * saturation
    const ours: Round[] = []
    const theirs: Round[] = []
    for (let seed = 0; seed <= rounds; seed += 1) {
      const how = { ...setting, perSecond, seconds, seed }
      const turns = [
        async () => ours.push(await measure(gateway, how)),
        async () => theirs.push(await measure(bare, how)),
      ]
      for (const next of seed % 2 === 0 ? turns : turns.toReversed()) await next()
    }
    const outcome = { load, perSecond, ...sumUp(ours.slice(1), theirs.slice(1)) }
    console.error(describe(outcome))
    outcomes.push(outcome)
  }
  const headline = outcomes.find(({ load }) => load === HEADLINE_LOAD)
  return {
    name: 'e2e',
    ratio: headline?.p50Ratio.median ?? Number.NaN,
    valid: outcomes.every(({ valid }) => valid),
    figures: { machine: describeMachine(), rounds, seconds, saturation, outcomes },
  }
}

interface Open extends Setting {
  readonly perSecond: number
  readonly seconds: number
  readonly seed: number
}

async function measure(server: Contestant, how: Open): Promise<Round> {
  const { consumer, broker, perSecond, seconds } = how
  const presigned = sign(openLoadCount(perSecond, seconds))
  server.thaw()
  const cpuMs = cpuMsOf(broker.pid) + cpuMsOf(process.pid)
  const { requests, lateP99Ms, generatorBusy } = await runOpenLoad({
    ...how,
    url: server.url,
    presigned,
    connections: OPEN_CONNECTIONS,
    cpu: OTHERS_CPU,
  })
  const taken = cpuMsOf(broker.pid) + cpuMsOf(process.pid) - cpuMs
  const othersBusy = generatorBusy + taken / (1000 * seconds)
  const ack: number[] = []
  const visible: number[] = []
  const deadlineMs = systemClock.monotonicMs() + VISIBLE_MS_MAX
  for (const { index, intendedMs, answeredMs, status } of requests) {
    if (status !== 202) throw new Error(`request ${index} was answered ${status}`)
    const token = tokenOf(presigned, index)
    while (!consumer.seenAtMs.has(token)) {
      if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${token} was never published`)
      await systemClock.sleep(POLL_MS)
    }
    ack.push(answeredMs - intendedMs)
    visible.push((consumer.seenAtMs.get(token) ?? Number.NaN) - answeredMs)
  }
  server.freeze()
  return {
    ackP50: percentile(ack, 0.5),
    ackP99: percentile(ack, 0.99),
    ackMax: percentile(ack, 1),
    visibleP50: percentile(visible, 0.5),
    visibleP99: percentile(visible, 0.99),
    lateP99: lateP99Ms,
    othersBusy,
  }
}

function sumUp(ours: readonly Round[], theirs: readonly Round[]) {
  const ratio = (name: 'visibleP50' | 'visibleP99') =>
    spreadOf(ours.map((round, n) => round[name] / (theirs[n]?.[name] ?? Number.NaN)))
  const all = [...ours, ...theirs]
  const inTime = all.filter(({ lateP99 }) => lateP99 <= LATE_P99_MS_MAX).length
  return {
    valid: inTime > all.length / 2,
    p50Ratio: ratio('visibleP50'),
    p99Ratio: ratio('visibleP99'),
    inlet: spreadsOf(ours),
    bare: spreadsOf(theirs),
  }
}

function spreadsOf(rounds: readonly Round[]) {
  const spread = (name: keyof Round) => spreadOf(rounds.map((round) => round[name]))
  return {
    visibleP50Ms: spread('visibleP50'),
    visibleP99Ms: spread('visibleP99'),
    ackP50Ms: spread('ackP50'),
    ackP99Ms: spread('ackP99'),
    ackMaxMs: spread('ackMax'),
    lateP99Ms: spread('lateP99'),
    othersBusy: spread('othersBusy'),
  }
}

type Outcome = ReturnType<typeof sumUp> & { readonly load: number; readonly perSecond: number }

/** The figures for people: median (least to greatest). */
function describe({ load, perSecond, p50Ratio, p99Ratio, valid, ...both }: Outcome): string {
  const lines = [
    `${100 * load} % of saturation, ${perSecond.toFixed(0)} events a second:`,
    `202 → visible, to bare: p50 ${describeSpread(p50Ratio, 2)}, p99 ${describeSpread(p99Ratio, 2)}`,
  ]
  for (const name of ['inlet', 'bare'] as const) {
    const spreads = Object.entries(both[name])
    lines.push(name, ...spreads.map(([what, spread]) => `  ${what} ${describeSpread(spread, 2)}`))
  }
  if (!valid) lines.push('NOT VALID: the generator was kept waiting, by itself or other programs')
  return lines.join('\n  ')
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...LOAD_OPTIONS,
    },
  })
  return readLoadOptions(values)
}
