import { join } from 'node:path'
import type { Environment } from '../settings/config.ts'
import { loadHandlers } from '../loading/handler-files.ts'
import { prepare } from '../wiring/setup.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { dataDirOf } from './data-dir.ts'
import { devSecretsFile, keepDevSecrets } from './dev-secrets.ts'
import { programName } from './program-name.ts'
import { runGateway } from './run-gateway.ts'

export const dev: Command = {
  name: 'dev',
  summary: 'Try it on this machine: no Kafka, no Redis, secrets made for you.',
  help: `Usage: inlet dev

Serves the sources of your handler files and of INLET_SOURCES (without any: github) on http://127.0.0.1:8080, without
Kafka: records are appended to <data>/topics/<topic>.ndjson, a stand-in, one record a line. Sources
without a secret get a random one, kept in <data>/dev.env, where \`inlet send\` finds it.

  inlet dev
  inlet send github push        in a second terminal

Every variable of \`inlet serve\` works here as well.`,
  async run({ args, env, print }) {
    refuseArguments(args)
    const dataDir = dataDirOf(env)
    const named = await namedSources(env)
    const settings: Environment = {
      INLET_HOST: '127.0.0.1',
      INLET_SINK: env['KAFKA_BROKERS'] === undefined ? 'file' : 'kafka',
      // Something to try in an empty directory.
      ...(named.length === 0 ? { INLET_SOURCES: EXAMPLE.name } : {}),
      ...env,
      INLET_DATA_DIR: dataDir,
    }
    const secrets = keepDevSecrets(dataDir, named.length === 0 ? [EXAMPLE] : named, settings)
    const setup = await prepare({ ...secrets, ...settings })
    return runGateway(setup, ({ url, adminUrl }) => {
      if (url === null) return
      const [first = 'github'] = setup.sources.keys()
      const sink = setup.config.INLET_SINK === 'file' ? join(dataDir, 'topics') : 'Kafka'
      print('')
      for (const name of setup.sources.keys()) print(`  webhooks   POST ${url}/hooks/${name}`)
      print(`  dashboard  ${adminUrl}`)
      print(`  secrets    ${devSecretsFile(dataDir)}`)
      print(`  records    ${sink}${sink === 'Kafka' ? '' : ' (a stand-in for Kafka)'}`)
      print('')
      const port = env['PORT'] === undefined ? '' : `PORT=${new URL(url).port} `
      print(`  Try it, in a second terminal:   ${port}${programName()} send ${first}`)
      print('')
    })
  },
}

const EXAMPLE = { name: 'github', provider: 'github' }

/**
 * The sources that would be served if all of them had secrets. What is malformed
 * is reported by `prepare`.
 */
async function namedSources(env: Environment): Promise<{ name: string; provider: string }[]> {
  const { sources } = await loadHandlers(env)
  const fromFiles = sources.map(({ definition }) => definition)
  const fromEnv = (env['INLET_SOURCES'] ?? '')
    .split(',')
    .map((entry) => entry.trim().split('='))
    .filter(([name]) => name !== undefined && name !== '')
    .map(([name = '', provider = name]) => ({ name, provider }))
  return [...fromFiles, ...fromEnv]
}
