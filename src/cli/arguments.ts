import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { messageOf } from '../errors.ts'
import { UsageError } from './command.ts'

/** Parses a subcommand's arguments. Throws UsageError where one is unknown or malformed. */
export function parseArguments<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

/** A whole number from an option, within its bounds. */
export function wholeNumber(text: string, option: string, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new UsageError(`--${option} takes a whole number from 1 to ${max}`)
  }
  return value
}

/** For commands that are configured by the environment alone. */
export function refuseArguments(args: readonly string[]): void {
  if (args.length === 0) return
  throw new UsageError(`"${args.join(' ')}" is not understood: set environment variables instead`)
}
