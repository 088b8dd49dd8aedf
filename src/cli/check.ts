import { basename } from 'node:path'
import { prepare } from '../setup.ts'
import type { Command } from './command.ts'

export const check: Command = {
  name: 'check',
  summary: 'Check configuration and handler files without starting.',
  help: `Usage: inlet check

Reads the environment and the handler files exactly as \`inlet serve\` would, and prints what would
be served; or everything that is wrong, and exits with 1. Opens no port, no database, no broker.`,
  async run({ env, print }) {
    const { config, sources, inactive } = await prepare(env)
    for (const { name, provider, file, unsigned } of sources.values()) {
      const by = file === undefined ? 'configuration' : basename(file)
      print(`POST /hooks/${name}  ${provider}, by ${by}${unsigned ? ', UNSIGNED' : ''}`)
    }
    for (const name of inactive) print(`inactive: ${name} (no INLET_SECRET_ configured)`)
    print(`records go to ${config.INLET_SINK === 'file' ? 'files, a stand-in for Kafka' : 'Kafka'}`)
    return 0
  },
}
