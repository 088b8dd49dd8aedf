import packageJson from '../../package.json' with { type: 'json' }
import { asyncApiDocument } from './asyncapi-document.ts'
import { loadHandlers } from '../loading/handler-files.ts'
import { prepare } from '../wiring/setup.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'

export const asyncapi: Command = {
  name: 'asyncapi',
  summary: 'Print an AsyncAPI 3 document of sources, consumers and their schemas.',
  help: `Usage: inlet asyncapi

Prints what \`inlet serve\` would take, read and pass on with this environment, as an AsyncAPI 3
document in JSON: a channel for each source and each topic, and the schema of each event type. What
handlers make of events is in it as far as their files say what they publish (\`defineTopic\`).

  inlet asyncapi > asyncapi.json`,
  async run({ args, env, print }) {
    refuseArguments(args)
    const { config, sources } = await prepare(env)
    const handlers = await loadHandlers(env)
    const definitions = new Map(
      handlers.sources.map(({ definition }) => [definition.name, definition]),
    )
    const document = asyncApiDocument({
      version: packageJson.version,
      url: config.INLET_URL ?? `http://localhost:${config.PORT}`,
      brokers: config.KAFKA_BROKERS,
      isKafkaSecure: config.kafkaSecurity.tls !== undefined,
      sources: [...sources.values()].map(({ name, provider, route }) => {
        // Without a handler file every type goes one way.
        const otherwise = route('*')
        const events = definitions.get(name)?.events ?? (otherwise ? { '*': otherwise } : {})
        const publishes = definitions.get(name)?.publishes ?? []
        return { name, provider, events, publishes }
      }),
      consumers: handlers.consumers.map(({ definition }) => definition),
    })
    print(JSON.stringify(document, null, 2))
    return 0
  },
}
