import type { Served } from '../loading/reload.ts'
import { prepare } from '../wiring/setup.ts'
import { nearestOf } from '../nearest.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { runGateway } from './run-gateway.ts'
import { settingsHelp } from './settings-help.ts'

const OPTIONS = {
  only: { type: 'string', multiple: true },
} as const

export const consume: Command = {
  name: 'consume',
  summary: 'Run consumers alone: a worker that takes no webhooks.',
  options: OPTIONS,
  // For who asks: it takes 2 ms to put together.
  get help() {
    return `Usage: inlet consume [--only <name>]…

Runs the consumers of the handler files, or only those that are named, and publishes what they make.
No port for webhooks is opened; the admin port is, so \`inlet consumers\` and the dashboard work.

A worker has a file of its own: give each one an INLET_DATA_DIR that stays, and a port with
INLET_ADMIN_PORT where several share a machine. What it has processed is in that file. Processes
that run the same consumer divide its partitions: among nodes whose groups rebalance a record is
processed at least once; where each declares its INLET_PARTITIONS, once in effect.

  INLET_DATA_DIR=./worker KAFKA_BROKERS=broker:9092 inlet consume --only failed-payments

${settingsHelp()}`
  },
  async run({ args, env }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('name consumers with --only')
    const setup = await prepare(env)
    const named = [...setup.consumers.keys()]
    if (named.length === 0) throw new UsageError('no handler file defines a consumer')
    const only = new Set(values.only ?? named)
    for (const name of only) if (!setup.consumers.has(name)) throw unknownConsumer(name, named)
    // A consumer that a reload brings runs, too, unless others were named.
    const isMeant = (name: string) => values.only === undefined || only.has(name)
    return runGateway({
      ...setup,
      ...narrowed(setup, isMeant),
      isWorker: true,
      reload: async (current) => narrowed(await setup.reload(current), isMeant),
    })
  },
}

/** Without what takes deliveries, and with those of the consumers that are meant. */
function narrowed(
  { consumers, watched, handlersName }: Served,
  isMeant: (name: string) => boolean,
): Served {
  return {
    sources: new Map(),
    callers: new Map(),
    consumers: new Map([...consumers].filter(([name]) => isMeant(name))),
    inactive: [],
    watched,
    handlersName,
  }
}

function unknownConsumer(name: string, named: readonly string[]): UsageError {
  const nearest = nearestOf(name, named)
  return new UsageError(
    `there is no consumer "${name}"${nearest === undefined ? '' : `: ${nearest}?`}`,
  )
}
