/**
 * A gateway that forgets nothing: a copy of each event stays in memory, and a file is opened for
 * every fourth. What the soak must notice. Everything else is the real wiring.
 */
import { openSync } from 'node:fs'
import { openApp } from '../../../src/app.ts'
import { systemClock } from '../../../src/clock.ts'
import { openLog } from '../../../src/stdout-log.ts'
import { prepare } from '../../../src/wiring/setup.ts'

const LEAK_BYTES = 128 * 1024
const EVENTS_PER_HANDLE = 4

const kept: Uint8Array[] = []

await openApp(await prepare(process.env), {
  clock: systemClock,
  log: openLog('info', 'gateway'),
  onFatal: () => process.exit(1),
  commitThrough: (commit) => (event) => {
    kept.push(new Uint8Array(LEAK_BYTES).fill(1))
    if (kept.length % EVENTS_PER_HANDLE === 0) openSync('/dev/null', 'r')
    return commit(event)
  },
})
