/**
 * `bun run torture [name…] [--cycles N] [--seed S] [--json]`: the promises, each with its proof
 * and its failing control.
 */
import { parseArgs } from 'node:util'
import { randomFraction } from '../../src/ids.ts'
import { builtCommand } from '../support/gateway-process.ts'
import { startKafka } from '../support/kafka-server.ts'
import { kill, type Row } from './kill.ts'

const TORTURES = { kill } as const
type Name = keyof typeof TORTURES

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cycles: { type: 'string', default: '20' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const cycles = Number(values.cycles)
const seed = Number(values.seed ?? Math.floor(randomFraction() * 2 ** 32))
const names = positionals.length === 0 ? Object.keys(TORTURES) : positionals
const unknown = names.filter((name) => !(name in TORTURES))
if (
  unknown.length > 0 ||
  !Number.isSafeInteger(cycles) ||
  cycles < 1 ||
  !Number.isSafeInteger(seed)
) {
  console.error(
    `Usage: bun run torture [${Object.keys(TORTURES).join('|')}…] [--cycles N] [--seed S] [--json]`,
  )
  process.exit(2)
}

const rows = await run(names as Name[])
const ok = rows.every(({ held, controlCaught }) => held && controlCaught)
console.table(rows)
console.log(`seed ${seed}: ${ok ? 'every promise held, every control was caught' : 'FAILED'}`)
if (values.json) console.log(JSON.stringify({ ok, seed, rows }))
process.exitCode = ok ? 0 : 1

async function run(chosen: readonly Name[]): Promise<Row[]> {
  const command = builtCommand()
  const given = process.env['KAFKA_BROKERS']
  await using kafka = given === undefined ? await startKafka() : undefined
  const results: Row[] = []
  for (const name of chosen) {
    const brokers = given ?? kafka?.brokers ?? ''
    results.push(await TORTURES[name]({ brokers, command, cycles, seed }))
  }
  return results
}
