/** What `bun run start` and the compiled binary start: the first argument names the command. */
import { asyncapi } from './cli/asyncapi.ts'
import { backup } from './cli/backup.ts'
import { check } from './cli/check.ts'
import { UsageError, type Command } from './cli/command.ts'
import { completionsOf } from './cli/completions.ts'
import { consume } from './cli/consume.ts'
import { consumers } from './cli/consumers.ts'
import { dev } from './cli/dev.ts'
import { doctor } from './cli/doctor.ts'
import { events } from './cli/events.ts'
import { health } from './cli/health.ts'
import { init } from './cli/init.ts'
import { outbox } from './cli/outbox.ts'
import { printable } from './cli/printable.ts'
import { providers } from './cli/providers.ts'
import { prune } from './cli/prune.ts'
import { rejected } from './cli/rejected.ts'
import { redrive, replay, republish } from './cli/rerun.ts'
import { reruns } from './cli/reruns.ts'
import { send } from './cli/send.ts'
import { serve } from './cli/serve.ts'
import { source } from './cli/source.ts'
import { sources } from './cli/sources.ts'
import { stats } from './cli/stats.ts'
import { tail } from './cli/tail.ts'
import { version } from './cli/version.ts'
import { GatewayError, messageOf } from './faults/faults.ts'
import { nearestOf } from './nearest.ts'

const COMMANDS: readonly Command[] = [
  serve,
  consume,
  dev,
  init,
  check,
  asyncapi,
  doctor,
  backup,
  providers,
  send,
  events,
  tail,
  outbox,
  stats,
  replay,
  republish,
  redrive,
  reruns,
  prune,
  consumers,
  sources,
  source,
  rejected,
  health,
  completionsOf(() => COMMANDS),
  version,
]

process.exitCode = await main(Bun.argv.slice(2))

async function main(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...args] = argv
  if (name === '--help' || name === '-h' || name === 'help') return printHelp(args[0])
  if (name === '--version') return version.run({ args, env: process.env, print })
  const command = COMMANDS.find((each) => each.name === name)
  if (command === undefined) return refuse(unknownCommand(name), 'inlet --help')
  if (args.includes('--help') || args.includes('-h')) return printHelp(name)
  try {
    return await command.run({ args, env: process.env, print })
  } catch (error) {
    if (error instanceof UsageError) return refuse(error.message, `inlet ${name} --help`)
    if (error instanceof GatewayError) return explain(error)
    return confess(error)
  }
}

function unknownCommand(name: string): string {
  const nearest = nearestOf(
    name,
    COMMANDS.map((each) => each.name),
  )
  return `there is no command "${name}"${nearest === undefined ? '' : `: ${nearest}?`}`
}

function print(line: string): void {
  const { stdout } = process
  // That a line could not be written is told later, and ends the process where nobody listens.
  if (stdout.listenerCount('error') === 0) stdout.on('error', stopPrinting)
  stdout.write(`${printable(line)}\n`)
}

/** A reader that has seen enough, as `head` does, ends the command without a word. */
function stopPrinting(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit(0)
  complain(`inlet: the output cannot be written: ${error.message}`)
  process.exit(1)
}

function printHelp(name: string | undefined): number {
  const command = COMMANDS.find((each) => each.name === name)
  print(command === undefined ? overview() : command.help)
  return 0
}

function overview(): string {
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(11)} ${summary}`)
  return `Inlet takes signed webhooks, stores them before it answers, and publishes them to Kafka.

Usage: inlet <command> [options]

${rows.join('\n')}

Try it without Kafka:    inlet dev            then, elsewhere: inlet send github push
In production:           INLET_SOURCES=github INLET_SECRET_GITHUB=… KAFKA_BROKERS=… inlet serve
A command in detail:     inlet <command> --help`
}

function refuse(what: string, help: string): number {
  complain(`inlet: ${what}\nTry: ${help}`)
  return 2
}

function explain(error: GatewayError): number {
  complain(`inlet: ${error.fault.title}\n${error.detail}\n${error.fault.hint}`)
  return 1
}

/** A bug of ours: all that helps to find it, and never an exit code that says that all is well. */
function confess(error: unknown): number {
  const stack = error instanceof Error ? error.stack : undefined
  const what = stack ?? messageOf(error)
  complain(`inlet: this should not have happened. Report it with:\n${what}`)
  return 1
}

function complain(text: string): void {
  process.stderr.write(`${printable(text)}\n`)
}
