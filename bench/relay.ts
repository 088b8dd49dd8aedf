import { cpSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { randomSecret } from '../src/ids.ts'
import { createTopicNamed, deleteTopics } from '../test/support/topics.ts'
import { sendBare, writeRecords } from './bare-sends.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { startBroker } from './broker.ts'
import { buildBinary, startGateway } from './contestants.ts'
import { describeMachine } from './machine.ts'
import { readCountOptions } from './options.ts'
import { SHAPES } from './shapes.ts'
import { areSteady, describeSpread, spreadOf } from './statistics.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench relay [options]
Records per second that the relay of \`dist/inlet serve\` publishes from a full outbox to a real
Kafka with acks=all, measured against kafkajs alone, which sends the same records from memory.

  --count N      events in the outbox (40000, of 2.3 kB)
  --rounds N     counted rounds of each, after one to warm up (5)
  --data-dir DIR a directory on the disk to measure (the system's temporary one)
  --no-build     measures dist/inlet as it is
  --json         the last line is one JSON object`

const SENDER_CPU = 0
const BROKER_CPU = cpus().length - 1
const PARTITIONS = 6
const TOPIC = 'bench-relay'
const POLL_MS = 10
const DRAIN_MS_MAX = 120_000
const SHAPE = SHAPES['stripe-2k']

/** Outbox → Kafka, acknowledged by all replicas; against a bare kafkajs loop. */
export const relay: Benchmark = { name: 'relay', help: HELP, run }

interface Setting {
  readonly brokers: string
  /** Holds, for each round, a copy of the backlog. */
  readonly directory: string
  readonly count: number
  /** Where the backlog is. */
  readonly dataDir: string
  /** The file with its records. */
  readonly records: string
}

async function run(args: readonly string[]): Promise<Report> {
  const { count, rounds, dataDir, build } = readCountOptions(args, '40000')
  if (SENDER_CPU === BROKER_CPU) throw new Error('sender and broker need a core each')
  if (build) buildBinary()
  using workspace = makeWorkspace(dataDir)
  await using kafka = await startBroker(BROKER_CPU)
  const directory = workspace.path
  const written = await writeRecords(count, { directory, topic: TOPIC, shape: SHAPE })
  const setting: Setting = { brokers: kafka.brokers, directory, count, ...written }

  const ours: number[] = []
  const bare: number[] = []
  const relayNext = async () => ours.push(await withTopic(setting, relayRound))
  const sendNext = async () => bare.push(await withTopic(setting, bareRound))
  for (let round = 0; round <= rounds; round += 1) {
    const turns = round % 2 === 1 ? [relayNext, sendNext] : [sendNext, relayNext]
    for (const next of turns) await next()
  }
  const counted = ours.slice(1).map((perSecond, n) => ({ perSecond, bare: bare[n + 1] ?? 0 }))
  const figures = {
    ratio: spreadOf(counted.map((round) => round.perSecond / round.bare)),
    recordsPerSecond: spreadOf(counted.map((round) => round.perSecond)),
    barePerSecond: spreadOf(counted.map((round) => round.bare)),
  }
  for (const [name, spread] of Object.entries(figures)) {
    console.error(`${name}: ${describeSpread(spread, 3)}`)
  }
  const valid = areSteady(figures.barePerSecond)
  if (!valid) console.error('NOT VALID: other programs kept kafkajs waiting')
  const machine = describeMachine()
  return {
    name: 'relay',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, count, rounds, ...figures },
  }
}

/** Each round writes to an empty topic, so that the disk does not fill up. */
async function withTopic(
  setting: Setting,
  round: (setting: Setting) => Promise<number>,
): Promise<number> {
  await createTopicNamed(TOPIC, { brokers: setting.brokers, partitions: PARTITIONS })
  try {
    return await round(setting)
  } finally {
    await deleteTopics(setting.brokers, [TOPIC])
  }
}

/** From the first batch that is marked to the last: start and connecting are not in it. */
async function relayRound(setting: Setting): Promise<number> {
  const { brokers, directory, count } = setting
  const dataDir = join(directory, 'data')
  cpSync(setting.dataDir, dataDir, { recursive: true })
  await using gateway = await startGateway({
    directory,
    cpu: SENDER_CPU,
    source: SHAPE.source,
    secret: randomSecret(),
    sink: 'unreachable',
    logLevel: 'info',
    env: { INLET_SINK: 'kafka', KAFKA_BROKERS: brokers },
  })
  const deadlineMs = systemClock.monotonicMs() + DRAIN_MS_MAX
  let first: { readonly pending: number; readonly atMs: number } | undefined
  for (;;) {
    const pending = await gateway.pending()
    const atMs = systemClock.monotonicMs()
    if (pending < count) first ??= { pending, atMs }
    if (pending === 0 && first !== undefined) {
      await gateway.stop()
      rmSync(dataDir, { recursive: true })
      return (1000 * first.pending) / (atMs - first.atMs)
    }
    if (atMs > deadlineMs) throw new Error(`${pending} records were not published in time`)
    await systemClock.sleep(POLL_MS)
  }
}

function bareRound({ brokers, records }: Setting): Promise<number> {
  return sendBare({ brokers, topic: TOPIC, records, cpu: SENDER_CPU })
}
