import { askApi } from './admin.ts'
import { parseArguments, wholeNumber } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { checkSource } from './known-source.ts'
import { oneLine } from './printable.ts'
import { table } from './table.ts'

const LIMIT = 20
const LIMIT_MAX = 500

/** Stands for all sources that are not configured. */
const UNKNOWN = '(unknown)'

const OPTIONS = {
  limit: { type: 'string', default: String(LIMIT) },
  headers: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export const rejected: Command = {
  name: 'rejected',
  summary: 'Show what was refused lately, and why.',
  options: OPTIONS,
  help: `Usage: inlet rejected [<source>] [--limit <n>] [--headers] [--json]

The last requests that the running gateway refused: when, from where, and which step failed. Of a
rotation that went wrong the first ones are here within seconds. Kept in memory, 200 of each source
and 16 MiB in all; in a flood 10 a second. Requests for sources that are not configured are those of
\`(unknown)\`.

  --limit <n>  how many, the newest first (default: ${LIMIT}, at most ${LIMIT_MAX})
  --headers    their headers, too; what could be a secret is shown by its first characters
  --json       one JSON object a line, with headers, and the body where INLET_KEEP_REJECTED_BODIES
               is set`,
  async run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [source, ...rest] = positionals
    if (rest.length > 0) throw new UsageError('name one source, or none')
    const { RejectedPage } = await import('../admin-api/admin-api.ts')
    const query = new URLSearchParams({
      limit: String(wholeNumber(values.limit, 'limit', LIMIT_MAX)),
      ...(source === undefined ? {} : { source }),
    })
    const page = await askApi(env, {
      path: `/api/rejected?${query.toString()}`,
      schema: RejectedPage,
    })
    if (page.rejected.length === 0 && source !== undefined && source !== UNKNOWN) {
      await checkSource(env, source)
    }
    if (values.json) {
      for (const each of page.rejected) print(JSON.stringify(each))
      return 0
    }
    if (page.rejected.length === 0) print('nothing was refused')
    else if (values.headers) for (const each of page.rejected) print(inFull(each))
    else print(table(COLUMNS, page.rejected.map(toRow)))
    if (page.dropped > 0) print(`${page.dropped} more were refused, and are not kept`)
    return 0
  },
}

const COLUMNS = ['at', 'source', 'address', 'step', 'code', 'bytes', 'detail'] as const

interface Row {
  readonly at: string
  readonly source: string
  readonly address: string
  readonly step: string | null
  readonly code: string
  readonly detail: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number | null
}

function toRow({ at, source, address, step, code, bodyBytes, detail }: Row) {
  const bytes = bodyBytes === null ? '' : String(bodyBytes)
  return { at, source, address, step: step ?? '', code, bytes, detail }
}

function inFull(row: Row): string {
  const headers = Object.entries(row.headers).map(
    ([name, value]) => `  ${oneLine(`${name}: ${value}`)}`,
  )
  return [table(COLUMNS, [toRow(row)]), ...headers, ''].join('\n')
}
