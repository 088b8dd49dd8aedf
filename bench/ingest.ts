import { mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { randomSecret } from '../src/ids.ts'
import type { Benchmark, Report } from './benchmark.ts'
import {
  buildBinary,
  startBare,
  startGateway,
  type Contestant,
  type Receiver,
} from './contestants.ts'
import { INGEST_HELP, parseIngestOptions, type IngestOptions } from './ingest-options.ts'
import { describeOutcome, figuresOf, type Outcome, type Round } from './ingest-outcome.ts'
import { ensureWrk, runLoad } from './load.ts'
import { describeMachine, probeSync } from './machine.ts'
import { installPeers, startPeers } from './peers.ts'
import { presign, type Presigned } from './presign.ts'
import { SHAPES } from './shapes.ts'
import { buildSyncDelay } from './sync-delay.ts'
import { makeWorkspace } from './workspace.ts'

/** The bare server keeps nothing of its requests: it can be sent the same ones over and over. */
const BARE_REQUESTS = 20_000
/** Ours cannot be faster than the bare server, but rounds differ. */
const HEADROOM = 1.2

const SERVER_CPU = 0
const GENERATOR_CPU = cpus().length - 1

/** Signed webhooks → verified, on disk, 202; against a server that only reads and answers. */
export const ingest: Benchmark = { name: 'ingest', help: INGEST_HELP, run }

async function run(args: readonly string[]): Promise<Report> {
  const options = parseIngestOptions(args)
  if (GENERATOR_CPU === SERVER_CPU) throw new Error('gateway and generator need a core each')
  ensureWrk()
  if (options.build) buildBinary()
  if (options.compare) installPeers()
  using workspace = makeWorkspace(options.dataDir)
  const machine = describeMachine()
  const syncMs = probeSync(workspace.path).medianMs
  console.error(`${machine}; one sync of the disk takes ${syncMs.toFixed(3)} ms`)

  const outcomes: Outcome[] = []
  for (const connections of options.connections) {
    const directory = join(workspace.path, String(connections))
    mkdirSync(directory)
    const outcome = await measure(connections, { options, directory })
    console.error(describeOutcome(outcome))
    outcomes.push(outcome)
  }
  const ratio = outcomes.at(-1)?.ratio.median ?? Number.NaN
  const valid = outcomes.every((outcome) => outcome.valid)
  return { name: 'ingest', ratio, valid, figures: { machine, syncMs, ...options, outcomes } }
}

interface Setting {
  readonly options: IngestOptions
  readonly directory: string
}

/** Runs both in turn, the other first in every second round: a drifting machine is fair to them. */
async function measure(connections: number, setting: Setting): Promise<Outcome> {
  const { options, directory } = setting
  const shape = SHAPES[options.body]
  const secret = randomSecret()
  const syncDelay =
    options.syncDelayMs === undefined ? undefined : buildSyncDelay(options.syncDelayMs, directory)
  await using bare = await startBare({ directory, cpu: SERVER_CPU })
  await using gateway = await startGateway({
    directory,
    cpu: SERVER_CPU,
    source: shape.source,
    secret,
    sink: options.sink,
    logLevel: options.logLevel,
    env: syncDelay?.env ?? {},
  })
  const peers = options.compare
    ? await startPeers({ ...options, directory, secret, cpu: SERVER_CPU })
    : []
  await using stack = new AsyncDisposableStack()
  for (const peer of peers) stack.use(peer)
  for (const receiver of [gateway, ...peers]) receiver.freeze()

  const sign = (count: number) => presign(shape, { count, secret, nowMs: systemClock.now() })
  const bareRequests = sign(BARE_REQUESTS)
  const bareRounds: Round[] = []
  async function loadBare(): Promise<void> {
    bareRounds.push(await loadRound(bare, bareRequests, { ...setting, connections, repeat: true }))
  }
  function loaderOf(receiver: Receiver, rounds: Round[]) {
    return async () => {
      const perSecondMax = Math.max(...bareRounds.map((round) => round.perSecond))
      const count = Math.ceil(HEADROOM * perSecondMax * options.seconds) + connections
      const presigned = sign(count)
      receiver.thaw()
      rounds.push(await loadRound(receiver, presigned, { ...setting, connections, repeat: false }))
      receiver.freeze()
    }
  }
  const ours: Round[] = []
  const theirs = peers.map((peer) => ({ peer, name: peer.name, rounds: new Array<Round>() }))
  const turns = [
    loadBare,
    loaderOf(gateway, ours),
    ...theirs.map(({ peer, rounds }) => loaderOf(peer, rounds)),
  ]
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const loadNext of round % 2 === 0 ? turns : turns.toReversed()) await loadNext()
  }

  gateway.thaw()
  const pending = await gateway.pending()
  const syncs = syncDelay?.syncs()
  const stored = await gateway.stopAndCount()
  assertAllStored(ours, stored)
  for (const { peer, rounds } of theirs) assertAllStored(rounds, await peer.stopAndCount())
  if (syncs === 0) throw new Error('the sync delay was not loaded: no sync was counted')
  return {
    connections,
    ...figuresOf(connections, {
      ours: ours.slice(1),
      bare: bareRounds.slice(1),
      peers: theirs.map(({ name, rounds }) => ({ name, rounds: rounds.slice(1) })),
    }),
    stored,
    pending,
    eventsPerSync: syncs === undefined ? undefined : stored / syncs,
  }
}

/** Requests on their way when a round ends may be stored without being counted as answered. */
function assertAllStored(rounds: readonly Round[], stored: number): void {
  const accepted = rounds.reduce((sum, round) => sum + round.requests, 0)
  const sent = rounds.reduce((sum, round) => sum + round.used, 0)
  if (accepted <= stored && stored <= sent) return
  throw new Error(`of ${sent} events sent, ${accepted} were accepted, but ${stored} stored`)
}

async function loadRound(
  contestant: Contestant,
  presigned: Presigned,
  how: Setting & { readonly connections: number; readonly repeat: boolean },
): Promise<Round> {
  const cpuMs = contestant.cpuMs()
  const startedMs = systemClock.monotonicMs()
  const load = await runLoad({
    url: contestant.url,
    presigned,
    directory: how.directory,
    connections: how.connections,
    seconds: how.options.seconds,
    cpu: GENERATOR_CPU,
    repeat: how.repeat,
  })
  const elapsedMs = systemClock.monotonicMs() - startedMs
  return { ...load, busy: (contestant.cpuMs() - cpuMs) / elapsedMs }
}
