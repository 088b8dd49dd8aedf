import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { BINARY, startBare, type Contestant } from './contestants.ts'
import { runLoad } from './load.ts'
import { describeMachine } from './machine.ts'
import { positive } from './options.ts'
import { copySeed, seedBacklog } from './seeds.ts'
import { SATURATED_BUSY_MIN } from './saturation.ts'
import { bodyOf } from './slots.ts'
import { areSteady, describeSpread, spreadOf, type Spread } from './statistics.ts'
import { buildSyncDelay } from './sync-delay.ts'
import { peakMemoryMib, usageOf, wakeupsBetween } from './usage.ts'
import {
  OTHERS_CPU,
  prepare,
  SECRET,
  SERVER_CPU,
  SHAPE,
  sign,
  startStripeGateway,
} from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench footprint [options]
What \`dist/inlet serve\` takes: the time from its start to the first 202, on a new database, on one
that is there, and with a backlog; CPU and wake-ups while nothing comes; memory, bytes on disk and
syncs under full load. The ratio is its start to that of a bare Bun.serve.

  --rounds N     starts of each (5)
  --backlog N    events that wait in the other database (1000000, of 2.3 kB)
  --idle-s N     how long it is watched doing nothing (30)
  --load-s N     how long it is loaded, at 256 connections (10)
  --data-dir DIR a directory on the disk to measure (the system's temporary one)
  --no-build     measures dist/inlet as it is
  --json         the last line is one JSON object`

const CONNECTIONS = 256
/** The runtime collects garbage every second, until nothing has changed for half a minute. */
const SETTLE_MS = 45_000
/** More requests than are taken in a second. */
const REQUESTS_PER_SECOND_MAX = 40_000

/** What it takes to run: time to start, idle cost, memory, disk. */
export const footprint: Benchmark = { name: 'footprint', help: HELP, run }

type Options = ReturnType<typeof parse>

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  prepare(options)
  using workspace = makeWorkspace(options.dataDir)
  const directory = workspace.path
  copySeed(await seedBacklog(options.backlog, SHAPE), join(directory, 'backlog', 'data'))

  const starts: Record<'first' | 'again' | 'backlog' | 'bare', number[]> = {
    first: [],
    again: [],
    backlog: [],
    bare: [],
  }
  for (let round = 0; round < options.rounds; round += 1) {
    const empty = join(directory, `empty-${round}`)
    mkdirSync(empty)
    starts.bare.push(await startMs(empty, (at) => startBare({ directory: at, cpu: SERVER_CPU })))
    starts.first.push(await startMs(empty, start))
    starts.again.push(await startMs(empty, start))
    starts.backlog.push(await startMs(join(directory, 'backlog'), start))
  }
  const startSpreads = {
    bareStartMs: spreadOf(starts.bare),
    firstStartMs: spreadOf(starts.first),
    startMs: spreadOf(starts.again),
    startWithBacklogMs: spreadOf(starts.backlog),
  }
  const figures = {
    binaryMib: statSync(BINARY).size / 2 ** 20,
    ...startSpreads,
    backlogCostsMs: startSpreads.startWithBacklogMs.median - startSpreads.startMs.median,
    ...(await bareIdle(join(directory, 'empty-0'), options)),
    ...(await idleAndLoad(join(directory, 'empty-0'), options)),
  }
  for (const [name, value] of Object.entries(figures)) console.error(`${name}: ${show(value)}`)
  const ratio = startSpreads.startMs.median / startSpreads.bareStartMs.median
  const valid = areSteady(startSpreads.bareStartMs) && figures.busy >= SATURATED_BUSY_MIN
  if (!valid) console.error('NOT VALID: other programs were in the way')
  const machine = describeMachine()
  return { name: 'footprint', ratio, valid, figures: { machine, ...options, ...figures } }
}

function start(directory: string, env: Readonly<Record<string, string>> = {}) {
  return startStripeGateway(directory, 'unreachable', env)
}

/** From the start of the process to the first 202, in ms. */
async function startMs(
  directory: string,
  open: (directory: string) => Promise<Contestant>,
): Promise<number> {
  const startedMs = systemClock.monotonicMs()
  await using server = await open(directory)
  const answer = await deliver(server.url)
  if (answer.status !== 202) throw new Error(`the first delivery was answered ${answer.status}`)
  return systemClock.monotonicMs() - startedMs
}

function deliver(url: string): Promise<Response> {
  const body = bodyOf(SHAPE.body, SHAPE.token()).toString()
  const seconds = Math.floor(systemClock.now() / 1000)
  const signed = new Bun.CryptoHasher('sha256', SECRET).update(`${seconds}.${body}`).digest('hex')
  return fetch(`${url}/hooks/${SHAPE.source}`, {
    method: 'POST',
    headers: { 'stripe-signature': `t=${seconds},v1=${signed}` },
    body,
  })
}

async function bareIdle(directory: string, options: Options) {
  await using bare = await startBare({ directory, cpu: SERVER_CPU })
  const idle = await watchIdle(bare.pid, options)
  return { bareIdleCpuPercent: idle.cpuPercent, bareIdleWakeupsPerSecond: idle.wakeupsPerSecond }
}

/** After the compiler of the runtime and its collector have come to rest. */
async function watchIdle(pid: number, { idleS }: Options) {
  await systemClock.sleep(SETTLE_MS)
  const before = usageOf(pid)
  await systemClock.sleep(idleS * 1000)
  const after = usageOf(pid)
  return {
    cpuPercent: (after.cpuMs - before.cpuMs) / (10 * idleS),
    wakeupsPerSecond: wakeupsBetween(before, after) / idleS,
  }
}

async function idleAndLoad(directory: string, options: Options) {
  const { loadS } = options
  const syncCount = buildSyncDelay(0, directory)
  await using gateway = await start(directory, syncCount.env)
  const idle = await watchIdle(gateway.pid, options)
  const count = REQUESTS_PER_SECOND_MAX * loadS
  const presigned = sign(count)
  const syncsBefore = syncCount.syncs()
  const before = usageOf(gateway.pid)
  const startedMs = systemClock.monotonicMs()
  const load = await runLoad({
    url: gateway.url,
    presigned,
    directory,
    connections: CONNECTIONS,
    seconds: loadS,
    cpu: OTHERS_CPU,
    repeat: false,
  })
  const after = usageOf(gateway.pid)
  const busy = (after.cpuMs - before.cpuMs) / (systemClock.monotonicMs() - startedMs)
  const written = after.bytesWritten - before.bytesWritten
  return {
    idleCpuPercent: idle.cpuPercent,
    idleWakeupsPerSecond: idle.wakeupsPerSecond,
    eventsPerSecond: load.perSecond,
    busy,
    peakMemoryMib: peakMemoryMib(gateway.pid),
    bytesPerPayloadByte: written / (load.requests * presigned.bodyBytes),
    syncsPerEvent: (syncCount.syncs() - syncsBefore) / load.requests,
  }
}

function show(value: number | Spread): string {
  if (typeof value === 'number') return value.toFixed(3)
  return describeSpread(value, 1)
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      backlog: { type: 'string', default: '1000000' },
      'idle-s': { type: 'string', default: '30' },
      'load-s': { type: 'string', default: '10' },
      'data-dir': { type: 'string' },
      'no-build': { type: 'boolean', default: false },
    },
  })
  return {
    rounds: positive('--rounds', values.rounds),
    backlog: positive('--backlog', values.backlog),
    idleS: positive('--idle-s', values['idle-s']),
    loadS: positive('--load-s', values['load-s']),
    dataDir: values['data-dir'],
    build: !values['no-build'],
  }
}
