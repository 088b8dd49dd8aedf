import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Benchmark, Report } from './benchmark.ts'
import { loadInTurn } from './in-turn.ts'
import { describeMachine } from './machine.ts'
import { LOAD_OPTIONS, positive, readLoadOptions } from './options.ts'
import { copySeed, seedStored } from './seeds.ts'
import { prepare, SHAPE, sign, startStripeGateway } from './stripe-gateway.ts'
import { makeWorkspace } from './workspace.ts'

const HELP = `bun run bench stored [options]
What the events that are kept take from intake: \`dist/inlet serve\` on a database that holds
millions of them, all published, against an empty one. The ratio is that of the events a second.
The first run makes the database, 3 GB in the cache folder; each copies it.

  --events N         events that are stored (10000000)
  --connections N    each waits for its answer before it sends again (256)
  --rounds N         counted rounds of each, after one to warm up (5)
  --seconds N        length of a round (3)
  --data-dir DIR     a directory on the disk to measure (the system's temporary one)
  --no-build         measures dist/inlet as it is
  --json             the last line is one JSON object`

/** Intake with millions of events stored, against none. */
export const stored: Benchmark = { name: 'stored', help: HELP, run }

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  prepare(options)
  const seed = seedStored(options.events, SHAPE)
  using workspace = makeWorkspace(options.dataDir)
  const directories = ['empty', 'full'].map((name) => join(workspace.path, name))
  const [empty = '', full = ''] = directories
  for (const directory of directories) mkdirSync(directory)
  copySeed(seed, join(full, 'data'))
  await using plain = await startStripeGateway(empty, 'file')
  await using other = await startStripeGateway(full, 'file')
  const { valid, figures } = await loadInTurn({
    ...options,
    plain,
    other,
    directory: workspace.path,
    sign,
  })
  const machine = describeMachine()
  return {
    name: 'stored',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, ...options, ...figures },
  }
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '10000000' },
      connections: { type: 'string', default: '256' },
      ...LOAD_OPTIONS,
    },
  })
  return {
    events: positive('--events', values.events),
    connections: positive('--connections', values.connections),
    ...readLoadOptions(values),
  }
}
