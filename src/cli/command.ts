import type { ParseArgsOptionsConfig } from 'node:util'
import type { Environment } from '../settings/config.ts'

/** What a subcommand may use of the world. */
export interface CommandContext {
  readonly args: readonly string[]
  readonly env: Environment
  /** Prints a line for people (or scripts) on standard output. */
  readonly print: (line: string) => void
}

/** One subcommand of `inlet`. */
export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** What may stand first behind its name, where that is one of a few words. */
  readonly actions?: readonly string[]
  /** The options that it parses; absent: none. */
  readonly options?: ParseArgsOptionsConfig
  /** What `inlet <name> --help` prints. */
  readonly help: string
  /** Resolves to the exit code. Throws GatewayError, or UsageError where the arguments are off. */
  readonly run: (context: CommandContext) => Promise<number>
}

/** The arguments cannot be taken: printed with the way to the command's help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
