import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import type { EpochMs } from '../clock.ts'
import { messageOf } from '../faults/faults.ts'
import { nearestOf } from '../nearest.ts'
import { UsageError } from './command.ts'

/** Parses a subcommand's arguments. Throws UsageError where one is unknown or malformed. */
export function parseArguments<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(meant(messageOf(error), Object.keys(options)))
  }
}

/** The message of an option that is not known, with the one that is most like it. */
function meant(message: string, names: readonly string[]): string {
  const [, typed] = /^Unknown option '--([^']+)'/.exec(message) ?? []
  if (typed === undefined) return message
  return `there is no --${typed}${orRather(
    `--${typed}`,
    names.map((name) => `--${name}`),
  )}`
}

/** One of a few words from an option. */
export function oneOf<Value extends string>(
  values: readonly Value[],
  text: string | undefined,
  option: string,
): Value | undefined {
  const value = values.find((each) => each === text)
  if (text === undefined || value !== undefined) return value
  throw new UsageError(`--${option} takes ${values.join(', ')}${orRather(text, values)}`)
}

/** What a command is to do: the word behind its name, the first of those that it knows if none. */
export function actionOf<Action extends string>(
  actions: readonly [Action, ...Action[]],
  text: string = actions[0],
): Action {
  const action = actions.find((each) => each === text)
  if (action !== undefined) return action
  throw new UsageError(`"${text}" is not ${actions.join(', ')}${orRather(text, actions)}`)
}

/** The end of a sentence about a word that is not known: what is most likely meant. */
export function orRather(typed: string, known: Iterable<string>): string {
  const nearest = nearestOf(typed, known)
  return nearest === undefined ? '' : `: ${nearest}?`
}

/** A whole number from an option, within its bounds. */
export function wholeNumber(text: string, option: string, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new UsageError(`--${option} takes a whole number from 1 to ${max}`)
  }
  return value
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time from an option, as ISO 8601: one that is given like that, or `30m`, `12h`, `7d` ago. */
export function timeOf(text: string | undefined, option: string, now: EpochMs): string | undefined {
  if (text === undefined) return undefined
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const ms = amount === undefined ? Date.parse(text) : now - Number(amount) * (UNIT_MS[unit] ?? 0)
  if (Number.isNaN(ms)) {
    throw new UsageError(`--${option} takes a time, 2026-01-31T12:00:00Z, or 30m, 12h or 7d ago`)
  }
  return new Date(ms).toISOString()
}

/** For commands that are configured by the environment alone. */
export function refuseArguments(args: readonly string[]): void {
  if (args.length === 0) return
  throw new UsageError(`"${args.join(' ')}" is not understood: set environment variables instead`)
}
