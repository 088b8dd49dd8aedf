/**
 * A gateway that acknowledges first and stores 50 ms later, as a buffer in memory would: what the
 * torture suite must catch. Everything else is the real wiring.
 */
import { openApp } from '../../../src/app.ts'
import { systemClock } from '../../../src/clock.ts'
import type { NewEvent } from '../../../src/event.ts'
import { openLog } from '../../../src/stdout-log.ts'
import { prepare } from '../../../src/wiring/setup.ts'

const STORE_AFTER_MS = 50

await openApp(await prepare(process.env), {
  clock: systemClock,
  log: openLog('info', 'gateway'),
  onFatal: () => process.exit(1),
  commitThrough: (commit) => (event) => {
    void storeLater(commit, event)
    return Promise.resolve({ kind: 'stored', seq: 0 })
  },
})

async function storeLater(
  commit: (event: NewEvent) => Promise<unknown>,
  event: NewEvent,
): Promise<void> {
  await systemClock.sleep(STORE_AFTER_MS)
  await commit(event)
}
