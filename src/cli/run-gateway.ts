import { openApp, type App } from '../app.ts'
import { BrokenInvariant } from '../assert.ts'
import { systemClock } from '../clock.ts'
import { messageOf, stackOf } from '../faults/faults.ts'
import { flushLast, openLog } from '../stdout-log.ts'
import type { Setup } from '../wiring/setup.ts'

/** How long the threads of a gateway that is closed may take to end. */
const THREADS_END_MS_MAX = 5_000

/**
 * Runs a gateway until it is told to stop, and resolves to the exit code: 0 after SIGTERM or
 * SIGINT, 1 where nothing more can be promised. The process ends soon after that. Where storage has
 * failed it kills the process.
 */
export async function runGateway(
  setup: Setup,
  onStarted: (app: App) => void = () => undefined,
): Promise<number> {
  const log = openLog(setup.config.LOG_LEVEL, 'gateway')
  const ended = Promise.withResolvers<number>()
  let reload: () => void = () => undefined
  // From the first moment on: what would reload a gateway must not end one that is starting.
  process.on('SIGHUP', () => reload())
  function onFatal(error: unknown) {
    log.error('gateway.failed', { reason: messageOf(error) })
    ended.resolve(1)
  }
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => {
      // What a handler left behind is its author's to mend; what we broke ourselves ends here.
      log.error('process.uncaught', { kind, reason: messageOf(error), stack: stackOf(error) })
      if (error instanceof BrokenInvariant) onFatal(error)
    })
  }
  const app = await openApp(setup, { clock: systemClock, log, onFatal })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('gateway.draining', { signal })
      ended.resolve(0)
    })
  }
  reload = () => app.reload()
  onStarted(app)
  const code = await ended.promise
  const end = await app.stop().catch((error: unknown) => {
    log.error('gateway.stop_failed', { reason: messageOf(error), stack: stackOf(error) })
    // Whether the storage can be trusted is not known any more: what is on disk is kept as it is.
    return 'kill' as const
  })
  log.info('gateway.stopped', { code, end })
  // A log that nobody reads must not keep a gateway that has ended, with its lock.
  await flushLast(log, systemClock)
  // Bun closes every database as it exits, and SQLite then copies a WAL of which the disk may have
  // lost a part: see db/DESIGN.md.
  if (end === 'kill') process.kill(process.pid, 'SIGKILL')
  endSoon(code)
  return code
}

/**
 * All is closed, and the process ends with its last thread and timer. One that does not end must
 * not keep it: a thread of Bun's, a timer of a handler's. The others are let finish: SQLite may be
 * copying a WAL.
 */
function endSoon(code: number): void {
  setTimeout(() => process.exit(code), THREADS_END_MS_MAX).unref()
}
