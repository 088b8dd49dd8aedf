/** `inlet replay`, `republish` and `redrive`: the plan first, then the doing, then watching it. */
import { createInterface } from 'node:readline/promises'
import { systemClock } from '../clock.ts'
import { RERUN_PER_SECOND, RERUN_PER_SECOND_MAX, RERUN_SEQS_MAX } from '../limits/limits.ts'
import type { RerunKind } from '../rerun.ts'
import { askApi } from './admin.ts'
import { parseArguments, timeOf, wholeNumber } from './arguments.ts'
import { UsageError, type Command, type CommandContext } from './command.ts'
import { watchRerun } from './watch-rerun.ts'

const EVENT_FILTERS = ['source', 'type', 'state', 'records', 'id', 'key', 'text'] as const
const ENTRY_FILTERS = ['topic', 'status'] as const

/** How a rerun is carried out, whatever it is about. */
export const RERUN_OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  'per-second': { type: 'string', default: String(RERUN_PER_SECOND) },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

const OPTIONS = {
  source: { type: 'string' },
  type: { type: 'string' },
  state: { type: 'string' },
  records: { type: 'string' },
  id: { type: 'string' },
  key: { type: 'string' },
  text: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  topic: { type: 'string' },
  status: { type: 'string' },
  all: { type: 'boolean', default: false },
  ...RERUN_OPTIONS,
} as const

const COMMON_HELP = `
  --source <name>, --type <type>, --state <state>, --id <id>, --key <key>
  --records <s>       Has a record that is retry, blocked or dead.
  --text <text>       Occurs in the body.
  --since <time>      Received at this time (2026-01-31T12:00:00Z) or so long ago (30m, 12h, 7d).
  --until <time>      Received before.
  --all               Everything that is stored.

  --dry-run           Says what it would do, and does nothing.
  --per-second <n>    Records a second at most. Default: ${RERUN_PER_SECOND}.
  --yes               Does not ask first: for scripts.
  --json              One JSON object a line: the plan, then how far it is.

It is done by the running gateway, which goes on with it after a restart and waits while Kafka is
far behind. Ctrl-C ends the watching; \`inlet reruns stop <id>\` ends the rerun. What it publishes
carries the header inlet-replay: <id of the rerun>.`

/** Runs stored events through the handlers of today. */
export const replay = rerunCommand(
  'replay',
  'Run stored events through today’s handlers again.',
  `Usage: inlet replay [seq …] [options]

Runs stored events through the handlers as they are loaded now, and publishes what they return;
nothing is verified again, and deduplication is passed by. An event whose handler fails is failed.
Events by their seqs, or those that match all of:
${COMMON_HELP}`,
)

/** Sends the stored records of events again. */
export const republish = rerunCommand(
  'republish',
  'Send stored records again, unchanged.',
  `Usage: inlet republish [seq …] [options]

Sends the records that were published of these events again, unchanged and under the same ids: for
a topic that lost some. Of a replayed event it takes the newest. What is not published yet goes out
by itself, or waits for \`inlet redrive\`. Events by their seqs, or those that match all of:
${COMMON_HELP}`,
)

/** Gives Kafka once more what it refused. */
export const redrive = rerunCommand(
  'redrive',
  'Give Kafka once more what it refused.',
  `Usage: inlet redrive [seq …] [options]

Puts records that are blocked or dead back on their way, once the cause is gone: a limit is raised,
for example. Of the events with these seqs, or all that match:

  --topic <topic>     Only records of this topic.
  --status <s>        Only those that are blocked, or dead.
${COMMON_HELP.trimStart()}`,
)

function rerunCommand(kind: RerunKind, summary: string, help: string): Command {
  return { name: kind, summary, options: OPTIONS, help, run: (context) => run(kind, context) }
}

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>['values']

async function run(kind: RerunKind, context: CommandContext): Promise<number> {
  const { values, positionals } = parseArguments(context.args, OPTIONS)
  const query = queryOf(kind, values, positionals)
  return carryOut({ kind, query, values }, context)
}

interface Wanted {
  readonly kind: RerunKind
  readonly query: Readonly<Record<string, unknown>>
  readonly values: ReturnType<typeof parseArguments<typeof RERUN_OPTIONS>>['values']
}

/** Says what it would do, asks, does it, and watches it. Returns the exit code. */
export async function carryOut(
  { kind, query, values }: Wanted,
  { env, print }: Pick<CommandContext, 'env' | 'print'>,
): Promise<number> {
  const perSecond = wholeNumber(values['per-second'], 'per-second', RERUN_PER_SECOND_MAX)
  // Only now: no other command has to load what describes the API.
  const { Plan, Rerun } = await import('../admin-api/reruns.ts')
  const json = { kind, query }
  const planned = { path: '/api/reruns/plan', method: 'POST', json, schema: Plan } as const
  const plan = await askApi(env, planned)
  if (values.json) print(JSON.stringify(plan))
  else print([plan.text, ...plan.topics.map(describeTopic)].join('\n'))
  const missing = named(query) - plan.events
  if (missing > 0 && !values.json) print(`${missing} of those named ${absent(kind)}`)
  if (plan.events === 0) return missing > 0 ? 1 : 0
  if (values['dry-run']) return 0
  if (!values.yes && !(await isWanted(kind === 'reconsume' ? 'replay' : kind))) return 1
  const by = (env['USER'] ?? '').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 64)
  const rerun = await askApi(env, {
    path: '/api/reruns',
    method: 'POST',
    json: { ...json, perSecond, ...(by === '' ? {} : { by }) },
    schema: Rerun,
  })
  return watchRerun(rerun, { env, print, json: values.json })
}

/** How many events or records are named one by one. */
function named({ seqs }: Wanted['query']): number {
  return Array.isArray(seqs) ? new Set(seqs).size : 0
}

function absent(kind: RerunKind): string {
  return kind === 'redrive' ? 'are not blocked or dead' : 'are not stored, or nothing to send again'
}

function describeTopic({ topic, records }: { readonly topic: string; readonly records: number }) {
  return `  ${topic}  ${records}`
}

/** Refuses what asks for nothing in particular: all of it is rarely meant. */
function queryOf(kind: RerunKind, values: Values, positionals: readonly string[]) {
  const query: Record<string, unknown> = {}
  for (const name of [...EVENT_FILTERS, ...ENTRY_FILTERS]) {
    if (values[name] !== undefined) query[name] = values[name]
  }
  if (kind !== 'redrive' && (values.topic ?? values.status) !== undefined) {
    throw new UsageError('--topic and --status are for inlet redrive')
  }
  const now = systemClock.now()
  for (const name of ['since', 'until'] as const) {
    const time = timeOf(values[name], name, now)
    if (time !== undefined) query[name] = time
  }
  if (positionals.length > RERUN_SEQS_MAX) throw new UsageError(`at most ${RERUN_SEQS_MAX} seqs`)
  if (positionals.length > 0) {
    query['seqs'] = positionals.map((seq) => wholeNumber(seq, 'seq', Number.MAX_SAFE_INTEGER))
  }
  if (values.all === Object.keys(query).length > 0) {
    throw new UsageError('name events by their seqs or by options, or say --all')
  }
  return query
}

/** Asks on a terminal; elsewhere nobody could answer. */
async function isWanted(what: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('say --yes to do it, or --dry-run')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${what} them? [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
