import { expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { monitorEventLoop } from '../../src/readings/event-loop.ts'

test('a thread that was kept is seen in its span, and not in the next', async () => {
  const monitor = monitorEventLoop()
  monitor.roll(true)
  await systemClock.sleep(50)
  monitor.roll(true)
  const untilMs = systemClock.monotonicMs() + 60
  while (systemClock.monotonicMs() < untilMs);
  await systemClock.sleep(50)
  monitor.roll(true)
  expect(monitor.last().maxMs).toBeGreaterThan(30)
  monitor.roll(false)
  expect(monitor.last().maxMs).toBeLessThan(30)
  monitor.close()
})
