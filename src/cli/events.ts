import type { EventSearch } from '../../db/event-search.ts'
import type { EventDetail, EventRow } from '../admin-api/events.ts'
import { systemClock } from '../clock.ts'
import { openAnswers, type Answers } from '../wiring/query-answers.ts'
import { actionOf, parseArguments, wholeNumber } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { openStored } from './data-dir.ts'
import { FILTER_HELP, FILTER_OPTIONS, toQuery } from './event-filter.ts'
import { exportEvents } from './export-events.ts'
import { oneLine } from './printable.ts'
import { table } from './table.ts'

const LIMIT_DEFAULT = '20'
const LIMIT_MAX = 10_000

/** Sources may use the same id: as many events are shown for one. */
const SAME_ID_MAX = 10

const ACTIONS = ['list', 'show', 'export'] as const

const OPTIONS = {
  ...FILTER_OPTIONS,
  before: { type: 'string' },
  limit: { type: 'string' },
  bytes: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const events: Command = {
  name: 'events',
  summary: 'List, show and export what is stored.',
  actions: ACTIONS,
  options: OPTIONS,
  help: `Usage: inlet events [list] [options]
       inlet events show <seq | event id> [--json]
       inlet events export [options]

Lists the newest events; shows one with its bytes and what became of its records; or writes out all
that match, the oldest first. Reads the database of INLET_DATA_DIR (./data), beside a running
gateway or without one, and changes nothing.

  inlet events --state failed
  inlet events --records blocked
  inlet events --source github --since 2h --json | jq .eventId
  inlet events show 42
  inlet events export --source github --since 7d > github.ndjson

${FILTER_HELP}
  --before <seq>    Only events older than this one: the next page.
  --limit <n>       At most so many. Default: ${LIMIT_DEFAULT}; of an export: all.
  --bytes <folder>  Export the exact bytes, a file <seq>.bin for each event.
  --json            One JSON object a line, for scripts; an export always is, but for --bytes.

The exit code of an export is 1 where bodies are damaged: those lines say so as "damage".`,
  run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [word, which, ...rest] = positionals
    const action = actionOf(ACTIONS, word)
    if (rest.length > 0) throw new UsageError('too many arguments')
    const { before, limit, bytes, json, ...filter } = values
    const search = {
      query: toQuery(filter),
      behind: before === undefined ? undefined : wholeNumber(before, 'before', 2 ** 53),
      msMax: Infinity,
    }
    using reader = openStored(env)
    const answers = openAnswers(reader, systemClock)
    if (action === 'show') {
      if (which === undefined) throw new UsageError('name an event by its seq or its id')
      return Promise.resolve(show(answers, which, { json, print }))
    }
    if (which !== undefined) throw new UsageError('too many arguments')
    if (action === 'export') {
      const atMost = limit === undefined ? Infinity : wholeNumber(limit, 'limit', 2 ** 53)
      const isWhole = exportEvents(answers, { ...search, limit: atMost }, { bytes, print })
      return Promise.resolve(isWhole ? 0 : 1)
    }
    const atMost = wholeNumber(limit ?? LIMIT_DEFAULT, 'limit', LIMIT_MAX)
    list(answers, { ...search, limit: atMost, order: 'newest' }, { json, print })
    return Promise.resolve(0)
  },
}

interface Output {
  readonly json: boolean
  readonly print: (line: string) => void
}

function list(answers: Answers, search: EventSearch, { json, print }: Output): void {
  const { events: found } = answers.search(search)
  if (json) for (const event of found) print(JSON.stringify(event))
  else print(found.length === 0 ? 'no events' : table(COLUMNS, found.map(toListRow)))
}

const COLUMNS = [
  'seq',
  'received',
  'source',
  'type',
  'state',
  'tries',
  'records',
  'id',
  'reason',
] as const

function toRow(event: Omit<EventRow, 'records'>) {
  return {
    seq: String(event.seq),
    received: event.receivedAt,
    source: event.source,
    type: event.type,
    state: event.state,
    tries: describeTries(event),
    id: event.eventId,
    reason: event.reason ?? '',
  }
}

function toListRow(event: EventRow) {
  return { ...toRow(event), records: event.records ?? '' }
}

/** Empty where the handler did not ask for another try. */
function describeTries({ attempts, nextTryAt }: Omit<EventRow, 'records'>): string {
  if (attempts === null) return ''
  return nextTryAt === null ? String(attempts) : `${attempts}, next ${nextTryAt}`
}

function show(answers: Answers, which: string, { json, print }: Output): number {
  const bySeq = /^\d{1,15}$/.test(which) ? answers.event(Number(which)) : undefined
  const found = bySeq === undefined ? ofId(which, answers) : [bySeq]
  if (found.length === 0) {
    print(`no event has the seq or the id "${which}"`)
    return 1
  }
  for (const event of found) print(json ? event : describe(JSON.parse(event) as EventDetail))
  return 0
}

function ofId(id: string, answers: Answers): readonly string[] {
  const whole = { order: 'newest', limit: SAME_ID_MAX, msMax: Infinity } as const
  const { events: found } = answers.search({ query: { id }, ...whole })
  return found.flatMap(({ seq }) => answers.event(seq) ?? [])
}

function describe(event: EventDetail): string {
  const { batch, variants } = event
  const headers = Object.keys(event.headers).length === 0 ? '' : JSON.stringify(event.headers)
  const facts = Object.entries({
    ...toRow(event),
    key: event.key,
    headers,
    trace: event.traceId ?? '',
    batch: batch
      ? `seq ${batch.seqFirst} to ${batch.seqLast}, of one request of ${batch.bodyBytes} bytes`
      : '',
  })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(9)} ${oneLine(value)}`)
  const records = event.records.map(({ topic, key, status, attempts, reason, landed }) => ({
    topic,
    key,
    status: attempts > 0 ? `${status} after ${attempts}` : status,
    landed: landed === null ? '' : `${landed.partition}/${landed.offset}`,
    reason: reason ?? '',
  }))
  const columns = ['topic', 'key', 'status', 'landed', 'reason'] as const
  return [
    ...facts,
    ...(variants === null ? [] : [`duplicates with other bytes: ${variants.count}`]),
    '',
    records.length === 0 ? 'no records' : table(columns, records),
    '',
    `body, ${event.bodyBytes} bytes:`,
    event.damage ?? new TextDecoder().decode(Uint8Array.fromBase64(event.bodyBase64)),
  ].join('\n')
}
