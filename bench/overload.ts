import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import type { Benchmark, Report } from './benchmark.ts'
import type { Gateway } from './contestants.ts'
import { describeMachine } from './machine.ts'
import { openLoadCount, runOpenLoad } from './open-load.ts'
import { LOAD_OPTIONS, positive, readLoadOptions } from './options.ts'
import { drain, saturate, SATURATED_BUSY_MIN } from './saturation.ts'
import { describeSpread, percentile, spreadOf } from './statistics.ts'
import { peakMemoryMib } from './usage.ts'
import { OTHERS_CPU, prepare, sign, startStripeGateway } from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench overload [options]
What \`dist/inlet serve\` still takes while twice as much comes as it can take (open loop, Poisson):
events a second that are answered with 202, against what it takes from 256 waiting connections.

  --connections N  at most so many requests are on their way; the others wait for one (4096)
  --rounds N       counted rounds of each, after one to warm up (5)
  --seconds N      length of an overload (5)
  --data-dir DIR   a directory on the disk to measure (the system's temporary one)
  --no-build       measures dist/inlet as it is
  --json           the last line is one JSON object`

const OVERLOAD = 2
/** Above this share of its core the generator could be what is slow. */
const GENERATOR_BUSY_MAX = 0.9

/** Twice what it can take: goodput, and how fast it refuses. */
export const overload: Benchmark = { name: 'overload', help: HELP, run }

type Options = ReturnType<typeof parse>

interface Round {
  readonly saturation: number
  /** Answered with 202 within the round, a second. */
  readonly goodput: number
  readonly accepted: number
  readonly refused: number
  readonly unanswered: number
  readonly refusalMs: readonly number[]
  readonly ackP99Ms: number
  /** How long requests waited for a free connection. */
  readonly lateP99Ms: number
  readonly generatorBusy: number
  readonly busy: number
}

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  prepare(options)
  using workspace = makeWorkspace(options.dataDir)
  const directory = workspace.path
  await using gateway = await startStripeGateway(directory, 'file')
  const all: Round[] = []
  for (let seed = 0; seed <= options.rounds; seed += 1) {
    all.push(await measure(gateway, { ...options, directory, seed }))
  }
  const memoryMib = peakMemoryMib(gateway.pid)
  const rounds = all.slice(1)
  const undisturbed = rounds.filter(
    ({ busy, generatorBusy }) => busy >= SATURATED_BUSY_MIN && generatorBusy <= GENERATOR_BUSY_MAX,
  )
  const figures = {
    ratio: spreadOf(rounds.map(({ goodput, saturation }) => goodput / saturation)),
    goodput: spreadOf(rounds.map(({ goodput }) => goodput)),
    saturation: spreadOf(rounds.map(({ saturation }) => saturation)),
    accepted: sumOf(rounds.map(({ accepted }) => accepted)),
    refused: sumOf(rounds.map(({ refused }) => refused)),
    unanswered: sumOf(rounds.map(({ unanswered }) => unanswered)),
    refusalP99Ms: percentile(
      rounds.flatMap(({ refusalMs }) => refusalMs),
      0.99,
    ),
    ackP99Ms: spreadOf(rounds.map(({ ackP99Ms }) => ackP99Ms)),
    lateP99Ms: spreadOf(rounds.map(({ lateP99Ms }) => lateP99Ms)),
    busy: spreadOf(rounds.map(({ busy }) => busy)),
    generatorBusy: spreadOf(rounds.map(({ generatorBusy }) => generatorBusy)),
    roundsUndisturbed: undisturbed.length,
    peakMemoryMib: memoryMib,
  }
  for (const [name, value] of Object.entries(figures)) {
    const shown = typeof value === 'number' ? value.toFixed(2) : describeSpread(value, 2)
    console.error(`${name}: ${shown}`)
  }
  const valid = undisturbed.length > rounds.length / 2
  if (!valid) console.error('NOT VALID: the generator or other programs kept the gateway waiting')
  const machine = describeMachine()
  return {
    name: 'overload',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, ...options, ...figures },
  }
}

async function measure(
  gateway: Gateway,
  how: Options & { readonly directory: string; readonly seed: number },
): Promise<Round> {
  const { seconds, directory } = how
  const saturation = await saturate(gateway, { directory, cpu: OTHERS_CPU, sign })
  await drain(gateway)
  const perSecond = OVERLOAD * saturation
  const presigned = sign(openLoadCount(perSecond, seconds))
  const cpuMs = gateway.cpuMs()
  const startedMs = systemClock.monotonicMs()
  const { requests, generatorBusy, lateP99Ms } = await runOpenLoad({
    ...how,
    url: gateway.url,
    presigned,
    perSecond,
    cpu: OTHERS_CPU,
  })
  const busy = (gateway.cpuMs() - cpuMs) / (systemClock.monotonicMs() - startedMs)
  await drain(gateway)
  const endMs = (requests[0]?.intendedMs ?? 0) + 1000 * seconds
  const accepted = requests.filter(({ status }) => status === 202)
  const refused = requests.filter(({ status }) => status === 429 || status === 503)
  const unanswered = requests.filter(({ status }) => status === 0)
  const odd = requests.length - accepted.length - refused.length - unanswered.length
  if (odd > 0) throw new Error(`${odd} requests were answered neither 202 nor 429 or 503`)
  return {
    saturation,
    goodput: accepted.filter(({ answeredMs }) => answeredMs <= endMs).length / seconds,
    accepted: accepted.length,
    refused: refused.length,
    unanswered: unanswered.length,
    refusalMs: refused.map(({ sentMs, answeredMs }) => answeredMs - sentMs),
    ackP99Ms: percentile(
      accepted.map(({ intendedMs, answeredMs }) => answeredMs - intendedMs),
      0.99,
    ),
    lateP99Ms,
    generatorBusy,
    busy,
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      connections: { type: 'string', default: '4096' },
      ...LOAD_OPTIONS,
      seconds: { type: 'string', default: '5' },
    },
  })
  return {
    connections: positive('--connections', values.connections),
    ...readLoadOptions(values),
  }
}
