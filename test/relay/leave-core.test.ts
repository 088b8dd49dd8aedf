import { expect, test } from 'bun:test'
import { RELAY_LONG_PAUSE_MS, WAIT_MS_MAX } from '../../src/limits/waiting.ts'
import { runRelay } from '../../src/relay/relay.ts'
import { World } from './world.ts'

const HOUR_MS = 60 * 60 * 1000

/** Publishes everything, two entries a batch; where it pauses meanwhile, and for how long. */
async function pausesOf(world: World): Promise<string[]> {
  const stop = new AbortController()
  const pauses: string[] = []
  world.onSleep = (ms) => {
    // What is longer is its wait for more.
    if (ms > 0 && ms <= RELAY_LONG_PAUSE_MS)
      pauses.push(`${ms} ms after ${world.published().length}`)
    if (world.idle) stop.abort()
  }
  await runRelay(world.ports(), { poisonPolicy: 'continue', batchEntriesMax: 2 }, stop.signal)
  return pauses
}

test.each([
  { lineMs: 0, isRefusing: false, pauses: [] },
  // After 4 less than a batch is left.
  { lineMs: 2, isRefusing: false, pauses: ['32 ms after 2'] },
  // Many senders that wait for each answer keep such a line for as long as they like.
  { lineMs: WAIT_MS_MAX, isRefusing: false, pauses: ['100 ms after 2'] },
  {
    lineMs: WAIT_MS_MAX,
    isRefusing: true,
    pauses: ['1000 ms after 2', '1000 ms after 4', '1000 ms after 5'],
  },
  // A moment later nobody waits, and as many come again.
  {
    lineMs: 0,
    isRefusing: true,
    pauses: ['1000 ms after 2', '1000 ms after 4', '1000 ms after 5'],
  },
])('the relay leaves the core to deliveries: %j', async ({ pauses, ...intake }) => {
  const world = Object.assign(new World(), { intake })
  for (let i = 0; i < 5; i += 1) world.add('orders', 'a')
  expect(await pausesOf(world)).toEqual([...pauses])
  expect(world.sends).toEqual([[1, 2], [3, 4], [5]])
})

test.each([
  { lineMs: 2, isRefusing: false, pauseMs: 32 },
  { lineMs: 2, isRefusing: true, pauseMs: 1_000 },
])('also while it drains a topic that is back: %j', async ({ pauseMs, ...intake }) => {
  const world = new World()
  world.missingTopics.add('orders')
  for (let i = 0; i < 4; i += 1) world.add('orders', 'a')
  const stop = new AbortController()
  world.onSleep = () => {
    if (world.withStatus('retry').length === 4) stop.abort()
  }
  await runRelay(world.ports(), { poisonPolicy: 'continue' }, stop.signal)
  world.missingTopics.clear()
  world.nowMs += HOUR_MS
  world.intake = intake

  expect(await pausesOf(world)).toEqual([`${pauseMs} ms after 2`, `${pauseMs} ms after 4`])
  expect(world.published()).toEqual([1, 2, 3, 4])
})
