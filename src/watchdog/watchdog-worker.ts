/** The thread that watches the main one, and ends the process when a handler blocks it. */
import { dlopen, FFIType } from 'bun:ffi'
import { systemClock } from '../clock.ts'
import { flushLast, openLog } from '../stdout-log.ts'
import { HANDLER_EXIT_CODE, note, report } from './last-words.ts'
import { watchPulse, type WatchdogOrder } from './watchdog.ts'

declare const self: Worker

const LIBRARIES = ['libc.so.6', 'libSystem.B.dylib', 'libc.so']

let isWatching = false
/** The last that was told: handlers change while they are watched. */
let order: WatchdogOrder

self.addEventListener('message', ({ data }: MessageEvent<WatchdogOrder>) => {
  order = data
  if (!isWatching) void watch()
})

async function watch(): Promise<void> {
  isWatching = true
  const blocked = await watchPulse(order, systemClock)
  // No message comes in between: what the pulse says after it has stopped comes later.
  isWatching = false
  if (blocked === undefined) return
  const log = openLog(order.level, 'watchdog')
  const { suspects, others, blockedMs } = blocked
  const why = 'it does not return, so nothing can be answered: the process ends'
  report(log, { event: 'handler.blocked', why, others, blockedMs }, suspects)
  await flushLast(log, systemClock)
  // After that: the disk may be what everything waits for.
  note(log, order, suspects)
  await flushLast(log, systemClock)
  endProcess()
}

/**
 * `process.exit` ends only this thread, and a signal to itself means nothing to process 1 of a
 * container: so by the C library.
 */
function endProcess(): void {
  for (const library of LIBRARIES) {
    try {
      const { symbols } = dlopen(library, {
        _exit: { args: [FFIType.i32], returns: FFIType.void },
      })
      // oxlint-disable-next-line no-underscore-dangle -- the C library's name for it
      symbols._exit(HANDLER_EXIT_CODE)
    } catch {
      // Another system: its C library has another name.
    }
  }
  process.abort()
}
