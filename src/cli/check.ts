import { basename } from 'node:path'
import { handlersDirectory } from '../loading/handler-files.ts'
import { prepare } from '../wiring/setup.ts'
import { checkTypes } from './check-types.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'

export const check: Command = {
  name: 'check',
  summary: 'Check configuration and handler files without starting.',
  help: `Usage: inlet check

Reads the environment and the handler files exactly as \`inlet serve\` would, and prints what would
be served; or everything that is wrong, and exits with 1. Opens no port, no database, no broker.

The types of the handler files are checked, too, where a tsconfig.json says how: \`inlet init\`
writes one. Nothing has to be installed for it.`,
  async run({ args, env, print }) {
    refuseArguments(args)
    const types = await checkTypes(handlersDirectory(env))
    if (types.kind === 'wrong') for (const error of types.errors) print(error)
    const { config, sources, callers, consumers, inactive } = await prepare(env)
    for (const { name, provider, file, unsigned } of sources.values()) {
      const by = file === undefined ? 'configuration' : basename(file)
      print(`POST /hooks/${name}  ${provider}, by ${by}${unsigned ? ', UNSIGNED' : ''}`)
    }
    for (const { name, file } of callers.values()) {
      const by = file === undefined ? 'configuration' : basename(file)
      print(`POST /events  of ${name}, by ${by}`)
    }
    for (const { name, file, topics } of consumers.values()) {
      print(`consumes ${topics.join(', ')}  as ${name}, by ${basename(file)}`)
    }
    for (const name of inactive) print(`inactive: ${name} (no secret or token configured)`)
    print(`records go to ${config.INLET_SINK === 'file' ? 'files, a stand-in for Kafka' : 'Kafka'}`)
    if (types.kind === 'unchecked') print(`types of the handler files not checked: ${types.reason}`)
    if (types.kind === 'right' && types.files > 0) print('types of the handler files hold')
    return types.kind === 'wrong' ? 1 : 0
  },
}
