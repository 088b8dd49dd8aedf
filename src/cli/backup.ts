import { backUp } from '../../db/backup.ts'
import { systemClock } from '../clock.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { openStored } from './data-dir.ts'

const MIB = 1024 * 1024

export const backup: Command = {
  name: 'backup',
  summary: 'Copy the database, also of a running gateway.',
  help: `Usage: inlet backup <file>

Copies the database of INLET_DATA_DIR (./data), as it is at one moment, into a new file: beside a
running gateway, which goes on meanwhile, or without one. The file appears under its name once it
is whole, checked and on disk, and replaces nothing. It holds events: keep it like the database.

  inlet backup /backup/inlet-$(date +%F).db

docs/operations.md says how to restore it, and what is lost at most.`,
  run({ args, env, print }) {
    const { positionals } = parseArguments(args, {})
    const [file, ...rest] = positionals
    if (file === undefined) throw new UsageError('name the file to write')
    if (rest.length > 0) throw new UsageError('too many arguments')
    using reader = openStored(env)
    const startedMs = systemClock.monotonicMs()
    const { bytes, events, unpublished } = backUp(reader, file)
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1)
    const size = `${(bytes / MIB).toFixed(1)} MiB in ${seconds} s`
    print(`${file}: ${events} events, ${unpublished} records not published yet, ${size}`)
    return Promise.resolve(0)
  },
}
