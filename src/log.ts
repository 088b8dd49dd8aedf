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

/** What a log reader may leave unread, in characters: beyond it lines are dropped and counted. */
const LOG_UNREAD_CHARS_MAX = 8 * 1024 * 1024

/** A log and the way to hand its last lines to the operating system before the process ends. */
export interface OpenLog extends Log {
  flush(): Promise<void>
}

/**
 * Opens the log: JSON lines on standard output, one thread of the process at a
 * time (`part` names it).
 *
 * A line is one `JSON.stringify`, 0.7 µs; a delivery costs one. LogTape, which was here before,
 * took 2.7 µs for the same line: it copies the fields three times for sinks that we do not have.
 */
export function openLog(level: LogLevel, part: 'gateway' | 'relay' | 'watchdog'): OpenLog {
  const out = Bun.stdout.writer()
  const toLine = openLines(`inlet.${part}`)
  const least = LOG_LEVELS.indexOf(level)
  let gathered = ''
  let unreadChars = 0
  let droppedLines = 0

  async function flush() {
    const chars = unreadChars
    const text = gathered
    gathered = ''
    void out.write(text)
    await out.flush()
    unreadChars -= chars
    if (droppedLines === 0) return
    const lines = droppedLines
    droppedLines = 0
    write('warn', 'log.dropped', { lines, hint: 'whoever reads this log is too slow' })
  }

  // A reader that went away must not end the gateway, so a failed write is nobody's error. Lines
  // gather until the event loop turns: one write for a whole group commit, not one for each
  // delivery.
  function write(of: LineLevel, event: string, fields: LogFields | undefined): void {
    if (LOG_LEVELS.indexOf(of) < least) return
    if (unreadChars > LOG_UNREAD_CHARS_MAX) {
      droppedLines += 1
      return
    }
    const line = toLine(of, event, fields)
    unreadChars += line.length
    if (gathered === '') setImmediate(() => void flush().catch(() => undefined))
    gathered += line
  }

  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
    flush,
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
