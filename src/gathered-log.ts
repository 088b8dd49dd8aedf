import { openLineLog, type Log, type LogLevel, type LogPart } from './log.ts'

/** What a log reader may leave unread, in characters: beyond it lines are dropped and counted. */
const LOG_UNREAD_CHARS_MAX = 8 * 1024 * 1024

/** A log and the way to hand its last lines to the operating system before the process ends. */
export interface OpenLog extends Log {
  flush(): Promise<void>
}

/**
 * Opens a log whose lines gather until the event loop turns: one write for a whole group commit,
 * not one for each delivery. `writeOut` resolves once the operating system has the text.
 */
export function openGatheredLog(
  level: LogLevel,
  part: LogPart,
  writeOut: (text: string) => Promise<unknown>,
): OpenLog {
  const log = openLineLog(level, part, write)
  let gathered = ''
  let unreadChars = 0
  let droppedLines = 0

  async function flush() {
    const chars = unreadChars
    const text = gathered
    gathered = ''
    await writeOut(text)
    unreadChars -= chars
    if (droppedLines === 0) return
    const lines = droppedLines
    droppedLines = 0
    log.warn('log.dropped', { lines, hint: 'whoever reads this log is too slow' })
  }

  // A reader that went away must not end the gateway, so a failed write is nobody's error.
  function write(line: string): void {
    if (unreadChars > LOG_UNREAD_CHARS_MAX) {
      droppedLines += 1
      return
    }
    unreadChars += line.length
    if (gathered === '') setImmediate(() => void flush().catch(() => undefined))
    gathered += line
  }

  return { ...log, flush }
}
