import { mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/clock.ts'
import { randomSecret } from '../src/ids.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { buildBinary, startGateway } from './contestants.ts'
import { loadInTurn } from './in-turn.ts'
import { ensureWrk } from './load.ts'
import { describeMachine } from './machine.ts'
import { positive } from './options.ts'
import { presign } from './presign.ts'
import { copySeed, seedStored } from './seeds.ts'
import { SHAPES } from './shapes.ts'
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

const SERVER_CPU = 0
const SHAPE = SHAPES['stripe-2k']
const SECRET = randomSecret()

/** Intake with millions of events stored, against none. */
export const stored: Benchmark = { name: 'stored', help: HELP, run }

async function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  if (cpus().length === 1) throw new Error('gateway and generator need a core each')
  ensureWrk()
  if (options.build) buildBinary()
  const seed = seedStored(options.events, SHAPE)
  using workspace = makeWorkspace(options.dataDir)
  const directories = ['empty', 'full'].map((name) => join(workspace.path, name))
  const [empty = '', full = ''] = directories
  for (const directory of directories) mkdirSync(directory)
  copySeed(seed, join(full, 'data'))
  await using plain = await start(empty)
  await using other = await start(full)
  const { valid, figures } = await loadInTurn({
    ...options,
    plain,
    other,
    directory: workspace.path,
    sign: (count) => presign(SHAPE, { count, secret: SECRET, nowMs: systemClock.now() }),
  })
  const machine = describeMachine()
  return {
    name: 'stored',
    ratio: figures.ratio.median,
    valid,
    figures: { machine, ...options, ...figures },
  }
}

function start(directory: string) {
  return startGateway({
    directory,
    cpu: SERVER_CPU,
    source: SHAPE.source,
    secret: SECRET,
    sink: 'file',
    logLevel: 'info',
    env: {},
  })
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '10000000' },
      connections: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      'data-dir': { type: 'string' },
      'no-build': { type: 'boolean', default: false },
    },
  })
  return {
    events: positive('--events', values.events),
    connections: positive('--connections', values.connections),
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    dataDir: values['data-dir'],
    build: !values['no-build'],
  }
}
