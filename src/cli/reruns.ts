import { askApi } from './admin.ts'
import { actionOf, parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { table } from './table.ts'
import { watchRerun } from './watch-rerun.ts'

const ACTIONS = ['list', 'watch', 'stop', 'resume'] as const

const OPTIONS = {
  json: { type: 'boolean', default: false },
} as const

export const reruns: Command = {
  name: 'reruns',
  summary: 'List, watch, stop and resume what is sent again.',
  actions: ACTIONS,
  options: OPTIONS,
  help: `Usage: inlet reruns [list] [--json]
       inlet reruns watch|stop|resume <id> [--json]

Replays, republishes and redrives of the running gateway: who asked for what, when, and how far
each is. One of each kind is under way at a time; the others wait for their turn.`,
  async run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const { json } = values
    const [word, id, ...rest] = positionals
    const action = actionOf(ACTIONS, word)
    if (rest.length > 0) throw new UsageError('too many arguments')
    const { Rerun, Reruns } = await import('../admin-api/reruns.ts')
    if (action === 'list') {
      const { reruns: all } = await askApi(env, { path: '/api/reruns', schema: Reruns })
      if (json) for (const rerun of all) print(JSON.stringify(rerun))
      else print(all.length === 0 ? 'nothing was sent again' : table(COLUMNS, all.map(toRow)))
      return 0
    }
    if (id === undefined) throw new UsageError('name a rerun by its id')
    const path = `/api/reruns/${encodeURIComponent(id)}`
    const asked =
      action === 'watch'
        ? { path, schema: Rerun }
        : { path: `${path}/${action}`, method: 'POST' as const, schema: Rerun }
    const rerun = await askApi(env, asked)
    if (action === 'watch') return watchRerun(rerun, { env, print, json })
    print(json ? JSON.stringify(rerun) : table(COLUMNS, [toRow(rerun)]))
    return 0
  },
}

const COLUMNS = ['id', 'state', 'asked', 'by', 'done', 'failed', 'records', 'reason'] as const

interface Row {
  readonly id: string
  readonly state: string
  readonly createdAt: string
  readonly by: string
  readonly done: number
  readonly total: number | null
  readonly failed: number
  readonly records: number
  readonly reason: string | null
}

function toRow({ createdAt, done, total, failed, records, reason, id, state, by }: Row) {
  return {
    id,
    state,
    asked: createdAt,
    by,
    done: total === null ? String(done) : `${done} of ${total}`,
    failed: String(failed),
    records: String(records),
    reason: reason ?? '',
  }
}
