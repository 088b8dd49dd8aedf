import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, Report } from './benchmark.ts'
import { loadInTurn } from './in-turn.ts'
import { describeMachine, probeSync } from './machine.ts'
import { LOAD_OPTIONS, nonNegative, positive, readLoadOptions } from './options.ts'
import { buildSyncDelay } from './sync-delay.ts'
import { prepare, sign, startStripeGateway } from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench slow-disk [options]
What a slow disk takes from intake: \`dist/inlet serve\` with every sync made slower, as on a
network disk, against the same on the disk as it is. The ratio is that of the events a second.

  --sync-delay-ms N  what each sync takes longer (5)
  --connections N    each waits for its answer; at C of them C / 2 / delay is the limit (1024)
  --rounds N         counted rounds of each, after one to warm up (5)
  --seconds N        length of a round (3)
  --data-dir DIR     a directory on the disk to measure (the system's temporary one)
  --no-build         measures dist/inlet as it is
  --json             the last line is one JSON object`

/** Intake on a disk whose syncs are slow, against the same disk as it is. */
export const slowDisk: Benchmark = { name: 'slow-disk', help: HELP, run }

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  prepare(options)
  using workspace = makeWorkspace(options.dataDir)
  const syncMs = probeSync(workspace.path).medianMs
  await using plain = await start(workspace.path, 'plain', 0)
  await using slow = await start(workspace.path, 'slow', options.syncDelayMs)
  const { valid, figures } = await loadInTurn({
    ...options,
    plain,
    other: slow,
    directory: workspace.path,
    sign,
  })
  const machine = describeMachine()
  return {
    name: 'slow-disk',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, syncMs, ...options, ...figures },
  }
}

function start(parent: string, name: string, delayMs: number) {
  const directory = join(parent, name)
  mkdirSync(directory)
  return startStripeGateway(directory, 'file', buildSyncDelay(delayMs, directory).env)
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'sync-delay-ms': { type: 'string', default: '5' },
      connections: { type: 'string', default: '1024' },
      ...LOAD_OPTIONS,
    },
  })
  return {
    syncDelayMs: nonNegative('--sync-delay-ms', values['sync-delay-ms']),
    connections: positive('--connections', values.connections),
    ...readLoadOptions(values),
  }
}
