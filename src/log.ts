import { configureSync, getLogger, type LogRecord } from '@logtape/logtape'

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
 */
export function openLog(level: LogLevel, part: 'gateway' | 'relay' | 'watchdog'): OpenLog {
  const out = Bun.stdout.writer()
  let flushPlanned = false
  let unreadChars = 0
  let droppedLines = 0
  async function flush() {
    flushPlanned = false
    const chars = unreadChars
    await out.flush()
    unreadChars -= chars
    if (droppedLines === 0) return
    const lines = droppedLines
    droppedLines = 0
    logger.warn('log.dropped', { lines, hint: 'whoever reads this log is too slow' })
  }
  configureSync({
    reset: true,
    sinks: {
      // A reader that went away must not end the gateway, so a failed write is nobody's
      // error. Lines gather until the event loop turns: one write for a whole group commit,
      // not one for each delivery.
      stdout(record) {
        if (unreadChars > LOG_UNREAD_CHARS_MAX) {
          droppedLines += 1
          return
        }
        const line = toLine(record)
        unreadChars += line.length
        void out.write(line)
        if (flushPlanned) return
        flushPlanned = true
        setImmediate(() => void flush().catch(() => undefined))
      },
    },
    loggers: [
      { category: ['logtape', 'meta'], sinks: ['stdout'], lowestLevel: 'error' },
      {
        category: 'inlet',
        sinks: ['stdout'],
        lowestLevel: level === 'silent' ? null : level === 'warn' ? 'warning' : level,
      },
    ],
  })
  const logger = getLogger(['inlet', part])
  return {
    debug: (event, fields) => logger.debug(event, fields),
    info: (event, fields) => logger.info(event, fields),
    warn: (event, fields) => logger.warn(event, fields),
    error: (event, fields) => logger.error(event, fields),
    flush,
  }
}

/** What a terminal takes for commands and JSON does not escape. */
const CONTROL = /[\u007f-\u009f]/g

/**
 * Logtape's own JSON lines, but flat: its formatter looks for cycles and errors in every value, and
 * takes 2 µs longer.
 */
function toLine({ timestamp, level, rawMessage, category, properties }: LogRecord): string {
  const line = JSON.stringify({
    '@timestamp': new Date(timestamp).toISOString(),
    level: level === 'warning' ? 'WARN' : level.toUpperCase(),
    // The name of an event: nothing is filled in.
    message: String(rawMessage),
    logger: category.join('.'),
    ...properties,
  })
  return `${line.replace(CONTROL, escaped)}\n`
}

function escaped(control: string): string {
  return `\\u00${control.charCodeAt(0).toString(16)}`
}
