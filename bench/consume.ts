import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { Consumers } from '../src/admin-api/consumers.ts'
import { systemClock } from '../src/clock.ts'
import { randomToken } from '../src/ids.ts'
import { findFreePort } from '../test/support/server-process.ts'
import { createTopicNamed, deleteTopics } from '../test/support/topics.ts'
import { sendBare, writeRecords } from './bare-sends.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { startBroker } from './broker.ts'
import { BINARY, buildBinary } from './contestants.ts'
import { describeMachine } from './machine.ts'
import { readCountOptions } from './options.ts'
import { publishedKafkajs } from './published-kafkajs.ts'
import { onCpu, startServer, type Server } from './server.ts'
import { SHAPES } from './shapes.ts'
import { areSteady, describeSpread, spreadOf } from './statistics.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench consume [options]
Records per second that a typed consumer of \`dist/inlet consume\` handles from a real Kafka,
against kafkajs alone, which parses the same records and commits offsets; and the same where the
handler returns a record, which goes through the outbox to Kafka, against the slower of two limits:
that, and kafkajs alone sending such records from memory.

  --count N      records in the topic (300000, of 2.3 kB)
  --rounds N     counted rounds of each, after one to warm up (5)
  --data-dir DIR a directory on the disk to measure (the system's temporary one)
  --no-build     measures dist/inlet as it is
  --json         the last line is one JSON object`

const CONSUMER_CPU = 0
const BROKER_CPU = cpus().length - 1
const TOPIC = 'bench-consume'
const PRODUCED_TOPIC = 'bench-produced'
/**
 * Records that are not counted, because a process has just begun: of the typed consumer the
 * compiler takes 4.2 µs a record in the first 120,000, 0.9 in the next, and then next to nothing.
 */
const WARM_UP_SHARE = 0.6
/** Each look takes 2 ms of the core that is measured: 1 % of it. */
const POLL_MS = 250
const ROUND_MS_MAX = 120_000
const SHAPE = SHAPES['stripe-2k']

/** Kafka → typed handler, and → outbox → Kafka; against bare kafkajs. */
export const consume: Benchmark = { name: 'consume', help: HELP, run }

interface Setting {
  readonly brokers: string
  readonly directory: string
  readonly count: number
  /** The file with what is in the topic. */
  readonly records: string
}

/** What one contestant does: records a second, and the CPU time of each in µs. */
interface Rate {
  readonly perSecond: number
  readonly cpuUs: number
}

interface Round {
  readonly consumed: Rate
  readonly bare: Rate
  readonly produced: Rate
  readonly bareSent: number
}

async function run(args: readonly string[]): Promise<Report> {
  const { count, rounds, dataDir, build } = readCountOptions(args, '300000')
  if (CONSUMER_CPU === BROKER_CPU) throw new Error('consumer and broker need a core each')
  if (build) buildBinary()
  using workspace = makeWorkspace(dataDir)
  await using kafka = await startBroker(BROKER_CPU)
  const { brokers } = kafka
  const directory = workspace.path
  const written = await writeRecords(count, { directory, topic: TOPIC, shape: SHAPE })
  rmSync(written.dataDir, { recursive: true })
  const setting: Setting = { brokers, directory, count, records: written.records }
  await createTopicNamed(TOPIC, { brokers })
  await sendBare({ ...setting, topic: TOPIC, cpu: CONSUMER_CPU })

  const counted: Round[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const measured = await measure(setting, round % 2 === 1)
    if (round > 0) counted.push(measured)
  }
  const figures = sumUp(counted)
  for (const [name, spread] of Object.entries(figures)) {
    console.error(`${name}: ${describeSpread(spread, name.endsWith('PerSecond') ? 0 : 3)}`)
  }
  const valid = areSteady(figures.barePerSecond) && areSteady(figures.bareSentPerSecond)
  if (!valid) console.error('NOT VALID: other programs kept kafkajs waiting')
  const machine = describeMachine()
  const ratio = figures.ratio.median
  return { name: 'consume', ratio, valid, figures: { machine, count, rounds, ...figures } }
}

function sumUp(rounds: readonly Round[]) {
  const of = (figure: (round: Round) => number) => spreadOf(rounds.map(figure))
  return {
    ratio: of(({ consumed, bare }) => consumed.perSecond / bare.perSecond),
    recordsPerSecond: of(({ consumed }) => consumed.perSecond),
    barePerSecond: of(({ bare }) => bare.perSecond),
    cpuUsPerRecord: of(({ consumed }) => consumed.cpuUs),
    bareCpuUsPerRecord: of(({ bare }) => bare.cpuUs),
    producingRatio: of(
      ({ produced, bare, bareSent }) => produced.perSecond / Math.min(bare.perSecond, bareSent),
    ),
    producedPerSecond: of(({ produced }) => produced.perSecond),
    bareSentPerSecond: of(({ bareSent }) => bareSent),
    // What one core can do at most, where kafkajs alone does both.
    bareBothPerSecond: of(({ bare, bareSent }) => 1 / (1 / bare.perSecond + 1 / bareSent)),
  }
}

/** One of each, the other way round in every second round. */
async function measure(setting: Setting, isReversed: boolean): Promise<Round> {
  const none = { perSecond: 0, cpuUs: 0 }
  const round = { consumed: none, bare: none, produced: none, bareSent: 0 }
  const turns = [
    async () => (round.bare = await bareRound(setting)),
    async () => (round.consumed = await consumerRound(setting, HANDLERS.returnsNothing)),
    async () => (round.bareSent = await withTopic(setting, sendRound)),
    async () => (round.produced = await withTopic(setting, producingRound)),
  ]
  for (const turn of isReversed ? turns.toReversed() : turns) await turn()
  return round
}

/** Each round writes to an empty topic, so that the disk does not fill up. */
async function withTopic<Measured>(
  setting: Setting,
  round: (setting: Setting) => Promise<Measured>,
): Promise<Measured> {
  await createTopicNamed(PRODUCED_TOPIC, { brokers: setting.brokers })
  try {
    return await round(setting)
  } finally {
    await deleteTopics(setting.brokers, [PRODUCED_TOPIC])
  }
}

function sendRound(setting: Setting): Promise<number> {
  return sendBare({ ...setting, topic: PRODUCED_TOPIC, cpu: CONSUMER_CPU })
}

function producingRound(setting: Setting): Promise<Rate> {
  return consumerRound(setting, HANDLERS.returnsRecord)
}

const HANDLERS = {
  returnsNothing: '() => undefined',
  returnsRecord: `({ data }) => ({ topic: '${PRODUCED_TOPIC}', key: data.data.object.customer })`,
}

/** Its group is new, or it would go on where the last one ended. */
function handlerFile(handler: string): string {
  return `
    import { defineConsumer, onRecord, z } from 'inlet'
    const Payment = z.object({
      id: z.string(),
      type: z.literal('payment_intent.succeeded'),
      created: z.int(),
      data: z.object({
        object: z.object({
          id: z.string(),
          amount: z.int(),
          currency: z.string(),
          customer: z.string(),
          status: z.string(),
          metadata: z.record(z.string(), z.string()),
        }),
      }),
    })
    export default defineConsumer('bench', {
      topics: ['${TOPIC}'],
      group: 'bench-${randomToken()}',
      events: { '*': onRecord(Payment, ${handler}) },
    })`
}

/** How far a consumer is. */
interface Progress {
  /** Records that are processed; whether what came of them is published is another matter. */
  readonly consumed: number
  /** Nothing is in memory any more, or waits to be published. */
  readonly isSettled: boolean
  readonly atMs: number
  readonly cpuMs: number
}

/** A new file and a new group read the whole topic; start and joining are not in it. */
async function consumerRound(setting: Setting, handler: string): Promise<Rate> {
  const { brokers, count } = setting
  const directory = join(setting.directory, `consumer-${randomToken()}`)
  mkdirSync(join(directory, 'handlers'), { recursive: true })
  writeFileSync(join(directory, 'handlers/bench.ts'), handlerFile(handler))
  const adminUrl = `http://127.0.0.1:${findFreePort()}`
  await using worker = await startServer({
    command: [BINARY, 'consume'],
    cpu: CONSUMER_CPU,
    cwd: directory,
    env: {
      KAFKA_BROKERS: brokers,
      INLET_ADMIN_PORT: new URL(adminUrl).port,
      INLET_DATA_DIR: join(directory, 'data'),
    },
    readyUrl: `${adminUrl}/readyz`,
  })
  const { warm, last, end } = await watch(worker, { adminUrl, count })
  await worker.stop()
  rmSync(directory, { recursive: true })
  // What is still to be published when all is read is a part of the work: then the end counts. Else
  // the time between two looks, because the end is somewhere before the look that finds it.
  return rateBetween(warm, handler === HANDLERS.returnsRecord ? end : last)
}

function rateBetween(warm: Progress, end: Progress): Rate {
  const counted = end.consumed - warm.consumed
  if (counted <= 0) throw new Error('they were read before anybody looked: --count more')
  return {
    perSecond: (1000 * counted) / (end.atMs - warm.atMs),
    cpuUs: (1000 * (end.cpuMs - warm.cpuMs)) / counted,
  }
}

/** The first look after which is counted, the last one before the end, and the end. */
interface Watched {
  readonly warm: Progress
  readonly last: Progress
  readonly end: Progress
}

async function watch(
  worker: Server,
  { adminUrl, count }: { readonly adminUrl: string; readonly count: number },
): Promise<Watched> {
  const deadlineMs = systemClock.monotonicMs() + ROUND_MS_MAX
  let warm: Progress | undefined
  let last: Progress | undefined
  for (;;) {
    const progress = { ...(await progressOf(adminUrl)), cpuMs: worker.cpuMs() }
    const { consumed, isSettled } = progress
    if (consumed >= count * WARM_UP_SHARE) warm ??= progress
    if (consumed < count) last = progress
    if (consumed === count && isSettled) {
      if (warm === undefined || last === undefined) throw new Error('nobody has looked: --count')
      return { warm, last, end: progress }
    }
    if (progress.atMs > deadlineMs) throw new Error(`${consumed} of ${count} in time`)
    await systemClock.sleep(POLL_MS)
  }
}

const Health = z.object({ relay: z.object({ pending: z.number() }) })

async function progressOf(adminUrl: string): Promise<Omit<Progress, 'cpuMs'>> {
  const { consumers } = Consumers.parse(await (await fetch(`${adminUrl}/api/consumers`)).json())
  // Behind it: what is processed by then has been published where nothing is pending.
  const health = Health.parse(await (await fetch(`${adminUrl}/readyz`)).json())
  const atMs = systemClock.monotonicMs()
  const partitions = consumers.flatMap((consumer) => consumer.partitions)
  const consumed = partitions.reduce((sum, each) => sum + each.position, 0)
  const isOnDisk = partitions.every(({ unfinished }) => unfinished === 0)
  return { consumed, isSettled: isOnDisk && health.relay.pending === 0, atMs }
}

const Read = z.object({ perSecond: z.number(), cpuUs: z.number() })

async function bareRound({ brokers, directory, count }: Setting): Promise<Rate> {
  const script = join(import.meta.dir, 'bare-consumer.ts')
  const warmUp = Math.ceil(count * WARM_UP_SHARE)
  const given = [
    publishedKafkajs(directory),
    brokers,
    TOPIC,
    `bare-${randomToken()}`,
    String(count),
    String(warmUp),
  ]
  const reader = Bun.spawn(onCpu(CONSUMER_CPU, [process.execPath, script, ...given]), {
    stderr: 'inherit',
  })
  const output = await new Response(reader.stdout).text()
  if ((await reader.exited) !== 0) throw new Error('the bare consumer failed')
  return Read.parse(JSON.parse(output))
}
