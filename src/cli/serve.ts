import { prepare } from '../wiring/setup.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { settingsHelp } from './settings-help.ts'
import { runGateway } from './run-gateway.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'Take webhooks and publish them to Kafka.',
  // For who asks: it takes 2 ms to put together.
  get help() {
    return `Usage: inlet serve

Takes webhooks at POST /hooks/<source>, stores each on disk before it answers 2xx, and publishes it
to Kafka. Everything is configured by environment variables; a wrong one refuses the start, and all
wrong ones are named at once. SIGTERM drains: what is in flight is answered, what is stored is
published as far as INLET_SHUTDOWN_MS allows, and the rest is published after the next start.
SIGHUP loads handlers and secret files again, and so does a change of one of them.

  INLET_SOURCES=github INLET_SECRET_GITHUB=… KAFKA_BROKERS=broker:9092 inlet serve

${settingsHelp()}`
  },
  async run({ args, env }) {
    refuseArguments(args)
    return runGateway(await prepare(env))
  },
}
