// `bun run bench <name> [options]`: see docs/benchmarks.md.
import { messageOf } from '../src/errors.ts'
import type { Benchmark } from './benchmark.ts'
import { e2e } from './e2e.ts'
import { footprint } from './footprint.ts'
import { ingest } from './ingest.ts'
import { latency } from './latency.ts'
import { overload } from './overload.ts'
import { relay } from './relay.ts'
import { slowDisk } from './slow-disk.ts'
import { stored } from './stored.ts'

const BENCHMARKS: readonly Benchmark[] = [
  ingest,
  slowDisk,
  stored,
  latency,
  overload,
  relay,
  e2e,
  footprint,
]

// What is still running, and its files, go with the process: see server.ts and workspace.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

process.exitCode = await main(process.argv.slice(2))

async function main([name, ...args]: readonly string[]): Promise<number> {
  const benchmark = BENCHMARKS.find((each) => each.name === name)
  if (benchmark === undefined || args.includes('--help')) {
    const known = benchmark === undefined ? BENCHMARKS : [benchmark]
    console.error(known.map(({ help }) => help).join('\n\n'))
    return benchmark === undefined ? 2 : 0
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
