import { openEventSearch, type Search } from '../../db/event-search.ts'
import { openInbox, type Inbox, type ListedEvent } from '../../db/inbox.ts'
import type { StoredBatch, StoredEvent, StoredEventDetail } from '../../db/inbox.ts'
import { systemClock } from '../clock.ts'
import { EVENT_STATES } from '../event.ts'
import type { ExceptionStatus } from '../outbox.ts'
import { parseArguments, wholeNumber } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { openStored } from './data-dir.ts'
import { table } from './table.ts'

const LIMIT_DEFAULT = '20'
const LIMIT_MAX = 10_000

/** Sources may use the same id: as many events are shown for one. */
const SAME_ID_MAX = 10

/** What keeps a record from its topic. */
const SET_ASIDE = ['retry', 'blocked', 'dead'] as const satisfies readonly ExceptionStatus[]

const OPTIONS = {
  source: { type: 'string' },
  state: { type: 'string' },
  records: { type: 'string' },
  before: { type: 'string' },
  limit: { type: 'string', default: LIMIT_DEFAULT },
  json: { type: 'boolean', default: false },
} as const

export const events: Command = {
  name: 'events',
  summary: 'List and show what is stored.',
  help: `Usage: inlet events [list] [options]
       inlet events show <seq | event id> [--json]

Lists the newest events, or shows one with its bytes and what became of its records. Reads the
database of INLET_DATA_DIR (./data), beside a running gateway or without one, and changes nothing.

  inlet events --state failed
  inlet events --records blocked
  inlet events --source github --json | jq .eventId
  inlet events show 42

  --source <name>   Only events of this source.
  --state <state>   Only events that are ${EVENT_STATES.join(', ')}.
  --records <s>     Only events with a record that is ${SET_ASIDE.join(', ')}: not on its topic.
  --before <seq>    Only events older than this one: the next page.
  --limit <n>       At most so many. Default: ${LIMIT_DEFAULT}.
  --json            One JSON object a line, for scripts.`,
  run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [action = 'list', which, ...rest] = positionals
    if (rest.length > 0) throw new UsageError('too many arguments')
    using reader = openStored(env)
    const inbox = openInbox(reader)
    const search = openEventSearch(reader, systemClock)
    if (action === 'show') {
      if (which === undefined) throw new UsageError('name an event by its seq or its id')
      return Promise.resolve(show({ inbox, search }, which, { json: values.json, print }))
    }
    if (action !== 'list' || which !== undefined)
      throw new UsageError(`"${action}" is not list or show`)
    const { seqs } = search({
      query: {
        source: values.source,
        state: oneOf(EVENT_STATES, values.state, 'state'),
        records: oneOf(SET_ASIDE, values.records, 'records'),
      },
      order: 'newest',
      behind:
        values.before === undefined ? undefined : wholeNumber(values.before, 'before', 2 ** 53),
      limit: wholeNumber(values.limit, 'limit', LIMIT_MAX),
      msMax: Infinity,
    })
    const listed = inbox.rows(seqs)
    if (values.json) for (const event of listed) print(JSON.stringify(event))
    else print(listed.length === 0 ? 'no events' : table(COLUMNS, listed.map(toListRow)))
    return Promise.resolve(0)
  },
}

function oneOf<Value extends string>(
  values: readonly Value[],
  text: string | undefined,
  option: string,
): Value | undefined {
  const value = values.find((each) => each === text)
  if (text === undefined || value !== undefined) return value
  throw new UsageError(`--${option} takes ${values.join(', ')}`)
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

function toRow(event: StoredEvent) {
  return {
    seq: String(event.seq),
    received: new Date(event.receivedAt).toISOString(),
    source: event.source,
    type: event.type,
    state: event.state,
    tries: describeTries(event),
    id: event.eventId,
    reason: event.reason ?? '',
  }
}

function toListRow(event: ListedEvent) {
  return { ...toRow(event), records: event.records ?? '' }
}

/** Empty where the handler did not ask for another try. */
function describeTries({ attempts, nextTryAt }: StoredEvent): string {
  if (attempts === null) return ''
  if (nextTryAt === null) return String(attempts)
  return `${attempts}, next ${new Date(nextTryAt).toISOString()}`
}

function describeBatch({ seqFirst, seqLast, body }: StoredBatch): string {
  return `batch     seq ${seqFirst} to ${seqLast}, of one request of ${body.byteLength} bytes`
}

interface Output {
  readonly json: boolean
  readonly print: (line: string) => void
}

function show({ inbox, search }: Stored, which: string, { json, print }: Output): number {
  const bySeq = /^\d{1,15}$/.test(which) ? inbox.bySeq(Number(which)) : undefined
  const found = bySeq === undefined ? ofId(which, { inbox, search }) : [bySeq]
  if (found.length === 0) {
    print(`no event has the seq or the id "${which}"`)
    return 1
  }
  for (const event of found) print(json ? JSON.stringify(toJson(event)) : describe(event))
  return 0
}

interface Stored {
  readonly inbox: Inbox
  readonly search: Search
}

function ofId(id: string, { inbox, search }: Stored): readonly StoredEventDetail[] {
  const whole = { order: 'newest', limit: SAME_ID_MAX, msMax: Infinity } as const
  return search({ query: { id }, ...whole }).seqs.flatMap((seq) => inbox.bySeq(seq) ?? [])
}

/** Bytes as base64, so that they survive JSON. */
function toJson({ body, records, variants, batch, ...event }: StoredEventDetail) {
  return {
    ...event,
    bodyBase64: body.toBase64(),
    records: records.map(({ value, ...record }) => ({
      ...record,
      valueBase64: value?.toBase64() ?? null,
    })),
    differingDuplicates: variants?.count ?? 0,
    batch: batch === null ? null : { ...batch, body: undefined, bodyBase64: batch.body.toBase64() },
  }
}

function describe(event: StoredEventDetail): string {
  const facts = Object.entries({ ...toRow(event), key: event.key, headers: event.headers ?? '' })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(9)} ${value}`)
  const records = event.records.map(({ topic, key, status, attempts, reason }) => ({
    topic,
    key,
    status: attempts > 0 ? `${status} after ${attempts}` : status,
    reason: reason ?? '',
  }))
  return [
    ...facts,
    ...(event.batch === null ? [] : [describeBatch(event.batch)]),
    ...(event.variants === null ? [] : [`duplicates with other bytes: ${event.variants.count}`]),
    '',
    records.length === 0 ? 'no records' : table(['topic', 'key', 'status', 'reason'], records),
    '',
    `body, ${event.bodyLength} bytes:`,
    new TextDecoder().decode(event.body),
  ].join('\n')
}
