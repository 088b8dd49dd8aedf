import { systemClock } from '../src/clock.ts'
import { messageOf } from '../src/faults/faults.ts'
import { commit } from '../scripts/compile.ts'
import type { Benchmark } from './benchmark.ts'
import { buildBinary } from './contestants.ts'
import { writeResult } from './results.ts'
import { RUNS } from './runs.ts'

export const ALL_HELP = `bun run bench all [run …]
Measures everything that docs/benchmarks.md shows, or the runs that are named, and writes each down
in bench/results, but for one that is not valid: ${Object.keys(RUNS).join(', ')}.
Then \`bun run docs\` shows them.

bun run bench --check
Compares what is written down with bench/floors.json.

bun run bench --set-floors
Makes bench/floors.json of what is written down, with slack.`

/** Runs and writes down; one that fails does not keep the others from it. Returns the exit code. */
export async function measureAll(
  benchmarks: readonly Benchmark[],
  names: readonly string[],
): Promise<number> {
  const unknown = names.find((name) => !Object.hasOwn(RUNS, name))
  if (unknown !== undefined) {
    console.error(`there is no run "${unknown}"\n\n${ALL_HELP}`)
    return 2
  }
  buildBinary()
  let code = 0
  for (const [run, command] of Object.entries(RUNS)) {
    if (names.length > 0 && !names.includes(run)) continue
    console.error(`\n${run}: bun run bench ${command.join(' ')}`)
    try {
      if (!(await measure(benchmarks, run, command))) code = 1
    } catch (error) {
      console.error(`${run}: ${messageOf(error)}`)
      code = 1
    }
  }
  return code
}

/** False where the run was not valid: then what was written down before stays. */
async function measure(
  benchmarks: readonly Benchmark[],
  run: string,
  [name = '', ...args]: readonly string[],
): Promise<boolean> {
  const benchmark = benchmarks.find((each) => each.name === name)
  if (benchmark === undefined) throw new Error(`there is no benchmark "${name}"`)
  const startedMs = systemClock.monotonicMs()
  const { ratio, valid, figures } = await benchmark.run([...args, '--no-build'])
  if (!valid) return false
  writeResult({
    run,
    command: ['bun run bench', name, ...args].join(' '),
    date: new Date(systemClock.now()).toISOString().slice(0, 10),
    commit: commit(),
    seconds: Math.round((systemClock.monotonicMs() - startedMs) / 1000),
    ratio,
    figures,
  })
  return true
}
