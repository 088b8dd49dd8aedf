import type { OutboxRow } from '../admin-api/events.ts'
import { systemClock } from '../clock.ts'
import { UNPUBLISHED } from '../outbox.ts'
import { openAnswers } from '../wiring/query-answers.ts'
import { oneOf, parseArguments, wholeNumber } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { openStored } from './data-dir.ts'
import { table } from './table.ts'

const LIMIT_DEFAULT = '20'
const LIMIT_MAX = 10_000

const OPTIONS = {
  status: { type: 'string', default: 'blocked' },
  topic: { type: 'string' },
  source: { type: 'string' },
  after: { type: 'string' },
  limit: { type: 'string', default: LIMIT_DEFAULT },
  json: { type: 'boolean', default: false },
} as const

export const outbox: Command = {
  name: 'outbox',
  summary: 'List records that are not on their topic: dead letters, and those that wait.',
  options: OPTIONS,
  help: `Usage: inlet outbox [options]

Records that are not on their topic, the oldest first, with what Kafka said of them. Reads the
database of INLET_DATA_DIR (./data), beside a running gateway or without one, and changes nothing.
\`inlet redrive\` sends dead and blocked ones again; \`inlet events show\` shows their event.

  --status <s>      Those that are ${UNPUBLISHED.join(', ')}. Default: blocked, what Kafka refused.
  --topic <topic>   Only of this topic.
  --source <name>   Only of events of this source.
  --after <seq>     Only later ones: the next page.
  --limit <n>       At most so many. Default: ${LIMIT_DEFAULT}.
  --json            One JSON object a line, for scripts.`,
  run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('too many arguments')
    using reader = openStored(env)
    const { entries, counts } = openAnswers(reader, systemClock).outbox({
      ...values,
      status: oneOf(UNPUBLISHED, values.status, 'status') ?? 'blocked',
      after: values.after === undefined ? undefined : wholeNumber(values.after, 'after', 2 ** 53),
      limit: wholeNumber(values.limit, 'limit', LIMIT_MAX),
    })
    if (values.json) {
      for (const entry of entries) print(JSON.stringify(entry))
      return Promise.resolve(0)
    }
    if (entries.length > 0) print(`${table(COLUMNS, entries.map(toRow))}\n`)
    const { pending, retry, blocked, dead } = counts
    print(`${pending} pending, ${retry} retry, ${blocked} blocked, ${dead} dead`)
    return Promise.resolve(0)
  },
}

const COLUMNS = ['seq', 'event', 'received', 'source', 'topic', 'key', 'tries', 'reason'] as const

function toRow(entry: OutboxRow) {
  return {
    seq: String(entry.seq),
    event: String(entry.eventSeq),
    received: entry.receivedAt,
    source: entry.source,
    topic: entry.topic,
    key: entry.key,
    tries: String(entry.attempts),
    reason: entry.reason ?? '',
  }
}
