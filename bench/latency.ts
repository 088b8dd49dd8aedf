import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, Report } from './benchmark.ts'
import type { Gateway } from './contestants.ts'
import { describeMachine, probeSync } from './machine.ts'
import { openLoadCount, runOpenLoad, type OpenLoadOptions } from './open-load.ts'
import { LOAD_OPTIONS, readLoadOptions } from './options.ts'
import { plainRequests } from './presign.ts'
import { drain, saturate } from './saturation.ts'
import { describeSpread, percentile, spreadOf } from './statistics.ts'
import { OTHERS_CPU, prepare, sign, startStripeGateway } from './stripe-gateway.ts'
import { watchWaits } from './waits.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench latency [options]
How long the 202 of \`dist/inlet serve\` takes at 70 % of what it takes, with requests that come
when they come (open loop, Poisson); and how long its event loop stood still meanwhile. The ratio is
the p99 of the 202 to that of one sync of the same disk, alone, plus 1 ms; less is better.

  --rounds N     counted rounds, after one to warm up (5)
  --seconds N    length of a round (4)
  --data-dir DIR a directory on the disk to measure (the system's temporary one)
  --no-build     measures dist/inlet as it is
  --json         the last line is one JSON object`

const LOAD = 0.7
/** Far more than are in flight, so that a request seldom waits for one. */
const CONNECTIONS = 1_024
/** Requests to /healthz a second: what they wait for is the event loop alone. */
const PROBES_PER_SECOND = 500
const PROBE_CONNECTIONS = 64
/** A generator that was later than this was kept waiting, by itself or by other programs. */
const LATE_P99_MS_MAX = 2
/** What an answer takes beside the sync: added to it, so that a fast disk asks nothing absurd. */
const WORK_MS = 1

/** The 202 at 70 % load against the disk, and the longest stall. */
export const latency: Benchmark = { name: 'latency', help: HELP, run }

type Options = ReturnType<typeof parse>

/** Times in ms. */
interface Round {
  readonly syncP99: number
  readonly ackP50: number
  readonly ackP99: number
  readonly ackMax: number
  readonly stallP99: number
  readonly stallMax: number
  /** Of the longest stall: how long the main thread could have run, and others had its core. */
  readonly stallMaxWaited: number
  readonly lateP99: number
}

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  prepare(options)
  using workspace = makeWorkspace(options.dataDir)
  const directory = workspace.path
  mkdirSync(join(directory, 'healthz'))
  await using gateway = await startStripeGateway(directory, 'file')
  const saturation = await saturate(gateway, { directory, cpu: OTHERS_CPU, sign })
  const all: Round[] = []
  for (let seed = 0; seed <= options.rounds; seed += 1) {
    await drain(gateway)
    all.push(await measure(gateway, { ...options, directory, seed, saturation }))
  }
  const rounds = all.slice(1)
  const spread = (name: keyof Round) => spreadOf(rounds.map((round) => round[name]))
  const figures = {
    ratio: spreadOf(rounds.map(({ ackP99, syncP99 }) => ackP99 / (syncP99 + WORK_MS))),
    syncP99Ms: spread('syncP99'),
    ackP50Ms: spread('ackP50'),
    ackP99Ms: spread('ackP99'),
    ackMaxMs: spread('ackMax'),
    stallP99Ms: spread('stallP99'),
    stallMaxMs: spread('stallMax'),
    stallMaxWaitedMs: spread('stallMaxWaited'),
    lateP99Ms: spread('lateP99'),
  }
  for (const [name, value] of Object.entries(figures)) {
    console.error(`${name}: ${describeSpread(value, 2)}`)
  }
  const valid = rounds.filter((each) => each.lateP99 <= LATE_P99_MS_MAX).length > rounds.length / 2
  if (!valid) console.error('NOT VALID: the generator was kept waiting')
  const machine = describeMachine()
  return {
    name: 'latency',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, ...options, perSecond: LOAD * saturation, ...figures },
  }
}

async function measure(
  gateway: Gateway,
  how: Options & { directory: string; seed: number; saturation: number },
): Promise<Round> {
  const { directory, seconds } = how
  const perSecond = LOAD * how.saturation
  const { p99Ms: syncP99 } = probeSync(directory)
  const common = { ...how, cpu: OTHERS_CPU }
  const load: OpenLoadOptions = {
    ...common,
    url: gateway.url,
    presigned: sign(openLoadCount(perSecond, seconds)),
    connections: CONNECTIONS,
    perSecond,
  }
  const probe: OpenLoadOptions = {
    ...common,
    directory: join(directory, 'healthz'),
    url: gateway.adminUrl,
    presigned: plainRequests('GET /healthz', openLoadCount(PROBES_PER_SECOND, seconds)),
    connections: PROBE_CONNECTIONS,
    perSecond: PROBES_PER_SECOND,
  }
  using waits = watchWaits(gateway.pid)
  const [loaded, probed] = await Promise.all([runOpenLoad(load), runOpenLoad(probe)])
  const failed = loaded.requests.find(({ status }) => status !== 202)
  if (failed !== undefined) throw new Error(`a request was answered ${failed.status}`)
  const ack = loaded.requests.map(({ intendedMs, answeredMs }) => answeredMs - intendedMs)
  const stall = probed.requests.map(({ sentMs, answeredMs }) => answeredMs - sentMs)
  const stallMax = percentile(stall, 1)
  const longest = probed.requests[stall.indexOf(stallMax)]
  return {
    syncP99,
    ackP50: percentile(ack, 0.5),
    ackP99: percentile(ack, 0.99),
    ackMax: percentile(ack, 1),
    stallP99: percentile(stall, 0.99),
    stallMax,
    stallMaxWaited: waits.between(longest?.sentMs ?? 0, longest?.answeredMs ?? 0),
    lateP99: loaded.lateP99Ms,
  }
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...LOAD_OPTIONS,
      seconds: { type: 'string', default: '4' },
    },
  })
  return readLoadOptions(values)
}
