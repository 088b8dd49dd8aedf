import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openDedup } from '../../db/dedup.ts'
import { DATABASE_FILE, openDatabase } from '../../db/open.ts'
import { openRetention } from '../../db/retention.ts'
import { systemClock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { parseArguments, wholeNumber } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { dataDirOf } from './data-dir.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS_MAX = 3_650

const OPTIONS = { days: { type: 'string' } } as const

export const prune: Command = {
  name: 'prune',
  summary: 'Delete old events of a stopped gateway at once.',
  options: OPTIONS,
  help: `Usage: inlet prune --days <n>

Deletes what was committed more than <n> days ago, by the time that the gateway was up, and gives
its space back. What is not yet published stays, however old, and so does what is still to be
tried. A running gateway does this by itself, by INLET_RETENTION_DAYS, and keeps this command out:
stop it first. The ids of what is deleted are forgotten: a redelivery of it is a new event.`,
  run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('too many arguments')
    if (values.days === undefined) throw new UsageError('say --days <n>')
    const retentionMs = wholeNumber(values.days, 'days', DAYS_MAX) * DAY_MS
    const path = join(dataDirOf(env), DATABASE_FILE)
    if (!existsSync(path)) throw new GatewayError('STORAGE_UNUSABLE', `there is no ${path}`)
    const nodeName = env['INLET_NODE']
    const named = nodeName === undefined ? {} : { nodeName }
    using database = openDatabase({ path, clock: systemClock, ...named })
    const dedup = openDedup(database, { retentionMs })
    const retention = openRetention(database, { retentionMs, dedup })
    let rows = 0
    for (let more = true; more;) {
      const slice = retention.retainOnce()
      rows += slice.deleted
      more = slice.more
    }
    print(`deleted ${rows} rows; ${path} has ${statSync(path).size} bytes`)
    return Promise.resolve(0)
  },
}
