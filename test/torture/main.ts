/**
 * `bun run torture [name…] [--cycles N] [--seed S] [--json] [--full]`: the promises, each with its
 * proof and its failing control. The full form runs the parts that have no ledger in results/ yet,
 * and writes them down as they end; remove a ledger to run its part again.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { describeMachine } from '../../bench/machine.ts'
import { systemClock } from '../../src/clock.ts'
import { randomFraction } from '../../src/ids.ts'
import { builtCommand } from '../support/gateway-process.ts'
import { startKafka } from '../support/kafka-server.ts'
import { readResult, writeResult } from './results.ts'
import { attempt, type Row, type Torture, type TortureOptions } from './torture.ts'
import { TORTURES } from './tortures.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cycles: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(helpText())
  process.exit(0)
}
const cycles = values.cycles === undefined ? undefined : Number(values.cycles)
const seed = Number(values.seed ?? Math.floor(randomFraction() * 2 ** 32))
const names = positionals.length === 0 ? Object.keys(TORTURES) : positionals
const isUsable =
  names.every((name) => Object.hasOwn(TORTURES, name)) &&
  (cycles === undefined || (Number.isSafeInteger(cycles) && cycles > 0)) &&
  Number.isSafeInteger(seed)
if (!isUsable) {
  console.error(helpText())
  process.exit(2)
}

const rows = await runAll()
const ok = rows.length > 0 && rows.every(({ held, controlCaught }) => held && controlCaught)
console.table(rows.map(toLine))
console.log(`seed ${seed}: ${ok ? 'every promise held, every control was caught' : 'FAILED'}`)
if (values.json) console.log(JSON.stringify({ ok, seed, rows }))
process.exitCode = ok ? 0 : 1

/** Without the figures: each torture has its own, and together they are wider than any screen. */
function toLine({ name, cases, acked, lost, duplicates, inversions, ...row }: NamedRow) {
  const { held, controlCaught } = row
  const counts = { cases, acked, lost, duplicates, inversions }
  return { name, promise: TORTURES[name]?.promise, ...counts, held, controlCaught }
}

function helpText(): string {
  const list = Object.entries(TORTURES).map(([name, { promise, parts }]) => {
    const inParts = parts === 1 ? '' : ` (${parts} parts)`
    return `  ${name.padEnd(12)}${promise}${inParts}`
  })
  return `Usage: bun run torture [name…] [--cycles N] [--seed S] [--json] [--full]

Tries to break each promise, and the same with its protection switched off, which must fail.
Without a name it runs all of them, in their short form: five minutes on two cores.

${list.join('\n')}

  --cycles N  how many cases, in the torture's own unit
  --seed S    replays the schedule of faults; every run prints its own
  --json      the last line is the result, as JSON
  --full      the documented counts, a part after the other: those that have no ledger in
              test/torture/results/ yet`
}

type NamedRow = Row & { readonly name: string }

async function runAll(): Promise<NamedRow[]> {
  await using stack = new AsyncDisposableStack()
  let started: Promise<string> | undefined
  const startBrokers = async () => stack.use(await startKafka()).brokers
  const common = {
    command: builtCommand(),
    brokers: () => {
      const given = process.env['KAFKA_BROKERS']
      return (started ??= given === undefined ? startBrokers() : Promise.resolve(given))
    },
    cycles,
  }
  const results: NamedRow[] = []
  for (const name of names) {
    const torture = TORTURES[name]
    if (torture === undefined) continue
    const parts = values.full ? Array.from({ length: torture.parts }, (_, part) => part) : [0]
    for (const part of parts) {
      const known = values.full ? readResult(name, part) : undefined
      const form = values.full ? 'full' : 'short'
      const options = { ...common, form, part, seed: seed + part } as const
      results.push(known ? { name, ...known.row } : await runOne(name, torture, options))
    }
  }
  return results
}

async function runOne(name: string, torture: Torture, options: TortureOptions): Promise<NamedRow> {
  const startedMs = systemClock.monotonicMs()
  const row = await attempt(torture, options)
  const seconds = Math.round((systemClock.monotonicMs() - startedMs) / 1000)
  const isGood = row.held && row.controlCaught
  const ran = `${name}, part ${options.part + 1}: seed ${options.seed}, ${seconds} s`
  console.log(isGood ? `ok   ${ran}` : `FAIL ${ran}, ${JSON.stringify(row)}`)
  if (options.form === 'full' && row.cases > 0) {
    const { promise, parts } = torture
    const { part, seed: partSeed } = options
    const date = new Date(systemClock.now()).toISOString().slice(0, 10)
    const machine = describeMachine()
    const commit = commitNow()
    writeResult({ name, promise, part, parts, seed: partSeed, row, seconds, date, commit, machine })
  }
  return { name, ...row }
}

function commitNow(): string {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  return stdout.trim()
}
