import { parseArgs } from 'node:util'

/** A whole number from 1, or an error that names the option. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes whole numbers from 1`)
  return value
}

/** A number of milliseconds, which may be 0. */
export function nonNegative(name: string, text: string): number {
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`${name} takes a number of milliseconds`)
  return value
}

/** What benchmarks that load a gateway take, for `parseArgs`. */
export const LOAD_OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '3' },
  'data-dir': { type: 'string' },
  'no-build': { type: 'boolean', default: false },
} as const

export interface LoadOptions {
  readonly rounds: number
  readonly seconds: number
  readonly dataDir: string | undefined
  readonly build: boolean
}

/** Reads LOAD_OPTIONS. Throws where one cannot be read. */
export function readLoadOptions(values: {
  readonly rounds: string
  readonly seconds: string
  readonly 'data-dir'?: string | undefined
  readonly 'no-build': boolean
}): LoadOptions {
  return {
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    dataDir: values['data-dir'],
    build: !values['no-build'],
  }
}

export interface CountOptions extends Omit<LoadOptions, 'seconds'> {
  /** How many records a round has. */
  readonly count: number
}

/** Reads the options of what has a number of records to work through, however long it takes. */
export function readCountOptions(args: readonly string[], countDefault: string): CountOptions {
  const { seconds: _, ...common } = LOAD_OPTIONS
  const { values } = parseArgs({
    args: [...args],
    options: { ...common, count: { type: 'string', default: countDefault } },
  })
  return {
    count: positive('--count', values.count),
    rounds: positive('--rounds', values.rounds),
    dataDir: values['data-dir'],
    build: !values['no-build'],
  }
}
