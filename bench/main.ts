// `bun run bench <name> [options]`: see docs/benchmarks.md.
import { messageOf } from '../src/faults/faults.ts'
import { ALL_HELP, measureAll } from './all.ts'
import { backlog } from './backlog-drain.ts'
import type { Benchmark } from './benchmark.ts'
import { consume } from './consume.ts'
import { e2e } from './e2e.ts'
import { checkFloors, writeFloors } from './floors.ts'
import { footprint } from './footprint.ts'
import { ingest } from './ingest.ts'
import { latency } from './latency.ts'
import { overload } from './overload.ts'
import { relay } from './relay.ts'
import { slowDisk } from './slow-disk.ts'
import { stored } from './stored.ts'
import { verify } from './verify.ts'

const BENCHMARKS: readonly Benchmark[] = [
  ingest,
  slowDisk,
  stored,
  latency,
  overload,
  relay,
  backlog,
  e2e,
  consume,
  footprint,
  verify,
]

// What is still running, and its files, go with the process: see server.ts and workspace.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === 'all' && !args.includes('--help')) return measureAll(BENCHMARKS, args)
  if (name === '--check') return check()
  if (name === '--set-floors') return setFloors()
  const benchmark = BENCHMARKS.find((each) => each.name === name)
  if (benchmark === undefined || args.includes('--help')) {
    const helps = benchmark === undefined ? BENCHMARKS.map(({ help }) => help) : [benchmark.help]
    console.error((benchmark === undefined ? [...helps, ALL_HELP] : helps).join('\n\n'))
    return benchmark === undefined && name !== 'all' ? 2 : 0
  }
  const json = args.includes('--json')
  try {
    const report = await benchmark.run(args.filter((arg) => arg !== '--json'))
    if (json) console.log(JSON.stringify(report))
    return report.valid ? 0 : 1
  } catch (error) {
    console.error(`bench ${benchmark.name}: ${messageOf(error)}`)
    return 1
  }
}

function setFloors(): number {
  writeFloors()
  return 0
}

function check(): number {
  const worse = checkFloors()
  for (const line of worse) console.error(line)
  return worse.length === 0 ? 0 : 1
}
