import { z } from 'zod'
import { openApiStream } from './admin.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { checkSource } from './known-source.ts'
import { oneLine } from './printable.ts'
import type { TailRow } from '../admin-api/events.ts'

const OPTIONS = {
  json: { type: 'boolean', default: false },
} as const

export const tail: Command = {
  name: 'tail',
  summary: 'Watch deliveries as they come in.',
  options: OPTIONS,
  help: `Usage: inlet tail [<source>] [--json]

A line for each delivery that the running gateway answers, until Ctrl+C: what became of it, and why.
A terminal that is too slow is told how many it missed; the gateway waits for nobody.

  --json  One JSON object a line, for scripts.`,
  async run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [source, ...rest] = positionals
    if (rest.length > 0) throw new UsageError('name one source, or none')
    if (source !== undefined) await checkSource(env, source)
    const { TailRow: Row } = await import('../admin-api/events.ts')
    const query = source === undefined ? '' : `?source=${encodeURIComponent(source)}`
    for await (const { event, data } of openApiStream(env, `/api/tail${query}`)) {
      if (event === 'dropped') {
        const { count } = z.object({ count: z.int() }).parse(JSON.parse(data))
        print(values.json ? data : `… ${count} more that were too fast for this terminal`)
      } else if (event === 'delivery') {
        print(values.json ? data : toLine(Row.parse(JSON.parse(data))))
      }
    }
    return 0
  },
}

function toLine({ at, outcome, source, seq, type, state, eventId, reason }: TailRow): string {
  const what = state === null || state === 'accepted' ? outcome : state
  const cells = [at.slice(11, 23), what.padEnd(9), (source ?? '(unknown)').padEnd(12)]
  const rest = [seq === null ? '' : `#${seq}`, type ?? '', eventId ?? '', reason ?? '']
  return oneLine([...cells, ...rest.filter((each) => each !== '')].join('  '))
}
