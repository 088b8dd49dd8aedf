import { expect, test } from 'bun:test'
import { openNap } from '../src/nap.ts'
import { manualClock } from './support/manual-clock.ts'

const NEVER = new AbortController().signal

test('a nap ends when its time is over, when somebody wakes it, and when the task shall stop', async () => {
  const clock = manualClock()
  const nap = openNap(clock)
  const first = nap.sleep(1_000, NEVER)
  clock.advance(1_000)
  await first

  const second = nap.sleep(1_000, NEVER)
  nap.wake()
  await second

  const stop = new AbortController()
  const third = nap.sleep(1_000, stop.signal)
  stop.abort()
  await third
  await nap.sleep(1_000, stop.signal)
  expect(clock.sleepers).toBe(0)
})
