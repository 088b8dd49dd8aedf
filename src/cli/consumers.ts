import type { ConsumerRow } from '../admin-api/consumers.ts'
import { systemClock } from '../clock.ts'
import { askApi } from './admin.ts'
import { parseArguments, timeOf } from './arguments.ts'
import { carryOut, RERUN_OPTIONS } from './rerun.ts'
import { UsageError, type Command, type CommandContext } from './command.ts'
import { table } from './table.ts'

const ACTIONS = ['list', 'pause', 'resume', 'seek', 'adopt', 'replay'] as const

const OPTIONS = {
  ...RERUN_OPTIONS,
  from: { type: 'string' },
  to: { type: 'string' },
  topic: { type: 'string' },
  partition: { type: 'string' },
} as const

export const consumers: Command = {
  name: 'consumers',
  summary: 'List, pause and resume consumers, let them go on elsewhere, or again.',
  actions: ACTIONS,
  options: OPTIONS,
  help: `Usage: inlet consumers [list] [--json]
       inlet consumers pause|resume <name>
       inlet consumers adopt <name>
       inlet consumers seek <name> --to <where> [--topic <topic>] [--partition <number>]
       inlet consumers replay <name> --from <where> [--to <where>] [--topic <topic>]
                              [--partition <number>] [--dry-run] [--per-second <n>] [--yes] [--json]

The consumers of the running gateway, with a line for each partition that it reads: how far it is,
how many records behind, and what became of them since the process began.

pause   begins no more records and keeps the partitions, until resume or a restart of the process
seek    goes on elsewhere; what was processed before is not handled again
adopt   goes on with the state and the positions of this gateway's database, though another one has
        read further: after a restore, where it says STATE_ELSEWHERE. Not while that one still reads
replay  handles what is there once more, also what was processed, beside what goes on: the plan
        first, then the doing, as \`inlet replay\` does it. What comes of it carries the header
        inlet-replay. \`inlet reruns\` lists, stops and resumes it.

<where> is earliest, latest, a time (2026-01-31T12:00:00Z, or 30m, 12h or 7d ago), or an offset of
one partition. A replay ends before --to; by default at what is the latest now.

  inlet consumers seek failed-payments --to 12h
  inlet consumers seek failed-payments --to 4711 --topic webhooks.stripe --partition 0
  inlet consumers replay failed-payments --from 12h --to 2h --dry-run
  inlet consumers replay failed-payments --from 4711 --to 4712 --topic orders --partition 0`,
  async run(context) {
    const { values, positionals } = parseArguments(context.args, OPTIONS)
    const [action = 'list', name, ...rest] = positionals
    if (rest.length > 0) throw new UsageError('too many arguments')
    if (action === 'list') return list(context, values.json)
    if (!ACTIONS.some((each) => each === action)) {
      throw new UsageError(`"${action}" is not ${ACTIONS.join(', ')}`)
    }
    if (name === undefined) throw new UsageError('name a consumer')
    const { ConsumerRow, Sought } = await import('../admin-api/consumers.ts')
    const path = `/api/consumers/${encodeURIComponent(name)}/${action}`
    const { env, print } = context
    if (action === 'replay') {
      const query = { consumer: name, ...rangeOf(values) }
      return carryOut({ kind: 'reconsume', query, values }, context)
    }
    if (action === 'seek') {
      const json = seekOf(values)
      const { partitions } = await askApi(env, { path, method: 'POST', json, schema: Sought })
      print(`"${name}" goes on at ${json.to} in ${partitions} of its partitions`)
      return 0
    }
    const { state } = await askApi(env, { path, method: 'POST', schema: ConsumerRow })
    if (action === 'adopt') {
      print(`"${name}" goes on with what this database has, within seconds: see inlet consumers`)
    } else {
      print(`"${name}" is ${state}`)
    }
    return 0
  },
}

async function list({ env, print }: CommandContext, json: boolean): Promise<number> {
  const { Consumers } = await import('../admin-api/consumers.ts')
  const { consumers: all } = await askApi(env, { path: '/api/consumers', schema: Consumers })
  if (json) for (const each of all) print(JSON.stringify(each))
  else print(all.length === 0 ? 'no consumer is served' : table(COLUMNS, all.flatMap(toRows)))
  for (const { name, reason, lost } of json ? [] : all) {
    if (reason !== null) print(`${name}: ${reason}`)
    if (lost > 0) print(`${name}: Kafka deleted ${lost} offsets before they were read`)
  }
  return 0
}

const COLUMNS = [
  'name',
  'state',
  'topic',
  'partition',
  'position',
  'lag',
  'processed',
  'retries',
  'dead',
  'fetched',
] as const

/** A line for each partition; what is known of the consumer as a whole stands in the first. */
function toRows(consumer: ConsumerRow): Record<(typeof COLUMNS)[number], string>[] {
  const { name, state, topics, partitions, processed, retries, dead, fetchedAt } = consumer
  const whole = {
    name,
    state,
    processed: String(processed),
    retries: String(retries),
    dead: String(dead),
    fetched: fetchedAt ?? 'never',
  }
  const nothing = { topic: topics.join(', '), partition: '', position: '', lag: '' }
  if (partitions.length === 0) return [{ ...whole, ...nothing }]
  return partitions.map(({ topic, partition, position, lag }, index) => ({
    ...(index === 0 ? whole : AS_ABOVE),
    topic,
    partition: String(partition),
    position: String(position),
    lag: String(lag),
  }))
}

const AS_ABOVE = { name: '', state: '', processed: '', retries: '', dead: '', fetched: '' }

interface Values {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly topic?: string | undefined
  readonly partition?: string | undefined
}

const WHERE = 'earliest, latest, a time, an offset'

function seekOf({ from, to, ...places }: Values) {
  if (from !== undefined) throw new UsageError('--from is for a replay')
  if (to === undefined) throw new UsageError(`say where: --to ${WHERE}`)
  return { to: targetOf(to, 'to'), ...placesOf(places) }
}

function rangeOf({ from, to, ...places }: Values) {
  if (from === undefined) throw new UsageError(`say from where on: --from ${WHERE}`)
  return {
    from: targetOf(from, 'from'),
    ...(to === undefined ? {} : { to: targetOf(to, 'to') }),
    ...placesOf(places),
  }
}

function placesOf({ topic, partition }: Pick<Values, 'topic' | 'partition'>) {
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(partition === undefined ? {} : { partition: numberOf(partition) }),
  }
}

function targetOf(text: string, option: 'from' | 'to'): string | number {
  if (text === 'earliest' || text === 'latest') return text
  return /^\d+$/.test(text) ? Number(text) : (timeOf(text, option, systemClock.now()) ?? text)
}

/** Partitions begin at 0. */
function numberOf(partition: string): number {
  if (!/^\d{1,9}$/.test(partition)) throw new UsageError('--partition takes a number')
  return Number(partition)
}
