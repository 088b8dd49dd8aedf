import type { Overview, System } from '../admin-api/admin-api.ts'
import { systemClock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { openAnswers } from '../wiring/query-answers.ts'
import { askApi } from './admin.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command, type CommandContext } from './command.ts'
import { openStored } from './data-dir.ts'
import { table } from './table.ts'

const OPTIONS = {
  json: { type: 'boolean', default: false },
} as const

export const stats: Command = {
  name: 'stats',
  summary: 'Show what came in lately, and how far it has come.',
  options: OPTIONS,
  help: `Usage: inlet stats [--json]

Deliveries of each source since the running gateway started, its last minutes, the outbox and the
database. Without a running gateway: what its file in INLET_DATA_DIR (./data) says.

  --json  One JSON object, for scripts: \`overview\` and \`system\` of the API, or \`stored\`.`,
  async run(context) {
    const { values, positionals } = parseArguments(context.args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('too many arguments')
    try {
      await showRunning(context, values.json)
    } catch (error) {
      const isDown = error instanceof GatewayError && error.code === 'GATEWAY_UNREACHABLE'
      if (!isDown) throw error
      showStored(context, values.json)
    }
    return 0
  },
}

async function showRunning({ env, print }: CommandContext, json: boolean): Promise<void> {
  const { Overview: OverviewSchema, System: SystemSchema } =
    await import('../admin-api/admin-api.ts')
  const overview = await askApi(env, { path: '/api/overview', schema: OverviewSchema })
  const system = await askApi(env, { path: '/api/system', schema: SystemSchema })
  print(json ? JSON.stringify({ overview, system }) : inWords(overview, system))
}

function showStored({ env, print }: CommandContext, json: boolean): void {
  using reader = openStored(env)
  const answers = openAnswers(reader, systemClock)
  const facts = answers.facts(null)
  const { counts } = answers.outbox({ status: 'dead', limit: 1 })
  if (json) return print(JSON.stringify({ stored: { ...facts, outbox: counts } }))
  print(`The gateway does not answer on its admin port. Its file says:
events     ${facts.events}, the oldest ${facts.oldest ?? 'none'}
outbox     ${describeCounts(counts)}
database   ${megabytes(facts.bytes)}, WAL ${megabytes(facts.walBytes)}`)
}

const COLUMNS = ['source', 'accepted', 'duplicate', 'refused', 'unhandled', 'last'] as const

function inWords(overview: Overview, system: System): string {
  const { relay, database } = system
  const last = overview.perMinute.slice(-5)
  const accepted = last.reduce((sum, minute) => sum + minute.accepted, 0)
  const rows = overview.sources.map((source) => ({
    source: source.name,
    accepted: String(source.accepted),
    duplicate: String(source.duplicate),
    refused: String(source.refused),
    unhandled: String(source.unhandled),
    last: source.lastReceivedAt ?? 'never',
  }))
  const alarms = overview.alarms.map(({ name, subject, text }) => `${name} ${subject}: ${text}`)
  return [
    table(COLUMNS, rows),
    '',
    `started    ${overview.startedAt}, version ${system.version}, node ${system.node}`,
    `accepted   ${accepted} in the last ${last.length} minutes`,
    `outbox     ${describeCounts(relay)}`,
    `kafka      ${describeKafka(relay)}`,
    `events     ${database.events}, the oldest ${database.oldest ?? 'none'}`,
    `database   ${megabytes(database.bytes)}, WAL ${megabytes(database.walBytes)}`,
    `memory     ${megabytes(system.rssBytes)}`,
    ...alarms.map((alarm) => `alarm      ${alarm}`),
  ].join('\n')
}

type Counts = Pick<System['relay'], 'pending' | 'retry' | 'blocked' | 'dead'>

function describeCounts({ pending, retry, blocked, dead }: Counts): string {
  return `${pending} pending, ${retry} retry, ${blocked} blocked, ${dead} dead`
}

/** The last failure is kept once Kafka answers again: then it is not what is wrong now. */
function describeKafka({ state, fault }: Pick<System['relay'], 'state' | 'fault'>): string {
  return state === 'up' || fault === null ? state : `${state}: ${fault.detail}`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
