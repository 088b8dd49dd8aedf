/** Names the user code that ends the process itself, as by `process.exit`: nobody else would. */
import { writeSync } from 'node:fs'
import { stackOf } from '../faults/faults.ts'
import { openLineLog, type LogLevel } from '../log.ts'
import { HANDLER_EXIT_CODE, note, report } from './last-words.ts'
import { seeVitals, suspectsIn } from './vitals.ts'

const STANDARD_OUTPUT = 1

interface Exits {
  readonly vitals: SharedArrayBuffer
  readonly level: LogLevel
  readonly notesPath: string
  readonly handlersName: string
}

/**
 * Until what it returns is called, an end of the process while user code runs is noted as one that
 * the watchdog has made, and has its exit code: a supervisor starts it again, whatever user code
 * has said, and the event counts as one that ended a process.
 */
export function watchExits(now: () => Exits): () => void {
  function onExit(): void {
    const { vitals, level, ...order } = now()
    const suspects = suspectsIn(vitals)
    if (suspects.length === 0) return
    process.exitCode = HANDLER_EXIT_CODE
    // No promise is waited for any more.
    const log = openLineLog(level, 'watchdog', writeNow)
    const why = 'it ends the process, as by process.exit()'
    // The stack says who called that, where several wait.
    const stack = stackOf(new Error('the process was ended here'))
    const others = seeVitals(vitals).calls - 1
    report(log, { event: 'handler.exited', why, others, stack }, suspects)
    note(log, order, suspects)
  }
  process.on('exit', onExit)
  return () => process.off('exit', onExit)
}

function writeNow(line: string): void {
  try {
    writeSync(STANDARD_OUTPUT, line)
  } catch {
    // Nobody reads the log any more: the notes matter more.
  }
}
