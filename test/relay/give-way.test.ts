import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { coreWaitMs } from '../../src/relay/give-way.ts'

const STATISTICS = '/proc/thread-self/schedstat'

/** As Linux has it: time on a core in ns, time it waited for one, turns. */
function waitedNs(): number {
  if (!existsSync(STATISTICS)) return 0
  return Number(/^\d+ (\d+) /.exec(readFileSync(STATISTICS, 'latin1'))?.[1])
}

// Elsewhere than on Linux, and where its statistics are off, nobody says.
test.skipIf(waitedNs() === 0)('how long a thread waited for a core is what Linux says', () => {
  const before = waitedNs() / 1e6
  const waited = coreWaitMs()
  const after = waitedNs() / 1e6
  expect(before).toBeGreaterThan(0)
  expect(waited).toBeWithin(before, after + 1e-6)
})
