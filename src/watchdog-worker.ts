/** The thread that watches the main one, and ends the process when a handler blocks it. */
import { dlopen, FFIType } from 'bun:ffi'
import { systemClock } from './clock.ts'
import { openLog } from './stdout-log.ts'
import { BLOCKED_EXIT_CODE, watchPulse, type WatchdogOrder } from './watchdog.ts'

declare const self: Worker

/** A reader of the log that has stopped reading must not keep the process alive. */
const LAST_WORD_MS_MAX = 1_000

const LIBRARIES = ['libc.so.6', 'libSystem.B.dylib', 'libc.so']

let isWatching = false

self.addEventListener('message', ({ data }: MessageEvent<WatchdogOrder>) => {
  if (!isWatching) void watch(data)
})

async function watch(order: WatchdogOrder): Promise<void> {
  isWatching = true
  const blocked = await watchPulse(order, systemClock)
  // No message comes in between: what the pulse says after it has stopped comes later.
  isWatching = false
  if (blocked === undefined) return
  const log = openLog(order.level, 'watchdog')
  log.error('handler.blocked', {
    ...blocked,
    exitCode: BLOCKED_EXIT_CODE,
    hint: 'the handler does not return: nothing can be answered, so the process ends',
  })
  await Promise.race([log.flush(), systemClock.sleep(LAST_WORD_MS_MAX)])
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
      symbols._exit(BLOCKED_EXIT_CODE)
    } catch {
      // Another system: its C library has another name.
    }
  }
  process.abort()
}
