import { systemClock } from './clock.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Values of a log line: flat, small, never a body, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/**
 * One wide line for each thing that happened; `event` is a stable name such as `delivery.finished`.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

/** Says nothing: for commands that print tables, and for tests. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** What writes to a log: a thread of the process, or the program at the edge. */
export type LogPart = 'gateway' | 'relay' | 'watchdog' | 'edge'

/**
 * Opens a log of JSON lines, each handed to `write` with its line break; `part` names who writes.
 *
 * A line is one `JSON.stringify`, 0.7 µs; a delivery costs one. LogTape, which was here before,
 * took 2.7 µs for the same line: it copies the fields three times for sinks that we do not have.
 */
export function openLineLog(level: LogLevel, part: LogPart, write: (line: string) => void): Log {
  const toLine = openLines(`inlet.${part}`)
  const least = LOG_LEVELS.indexOf(level)

  function log(of: LineLevel, event: string, fields: LogFields | undefined): void {
    if (LOG_LEVELS.indexOf(of) >= least) write(toLine(of, event, fields))
  }

  return {
    debug: (event, fields) => log('debug', event, fields),
    info: (event, fields) => log('info', event, fields),
    warn: (event, fields) => log('warn', event, fields),
    error: (event, fields) => log('error', event, fields),
  }
}

type LineLevel = Exclude<LogLevel, 'silent'>

/** What a terminal takes for commands and JSON does not escape. */
const CONTROL = /[\u007f-\u009f]/g

function openLines(logger: string) {
  // The lines of a whole group commit have one time.
  let atMs = 0
  let time = ''
  return (level: LineLevel, event: string, fields: LogFields | undefined): string => {
    const nowMs = systemClock.now()
    if (nowMs !== atMs) {
      atMs = nowMs
      time = new Date(nowMs).toISOString()
    }
    const line = JSON.stringify({
      '@timestamp': time,
      level: level.toUpperCase(),
      message: event,
      logger,
      ...fields,
    })
    return `${line.replace(CONTROL, escaped)}\n`
  }
}

function escaped(control: string): string {
  return `\\u00${control.charCodeAt(0).toString(16)}`
}
