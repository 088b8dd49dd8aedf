import { afterEach, describe, expect, test } from 'bun:test'
import { openPulse, VITALS, watchPulse, type Blocked } from '../src/watchdog.ts'
import { manualClock } from './support/manual-clock.ts'

const BLOCK_MS_MAX = 2_000
const TICK_MS = 500

let stop = new AbortController()
afterEach(() => {
  stop.abort()
  stop = new AbortController()
})

/** Both sides on clocks of their own: a thread that is blocked is one whose clock stands still. */
function openWorld() {
  const vitals = new SharedArrayBuffer(VITALS.nameAt + 1024)
  const watched = manualClock()
  const watching = manualClock()
  let blocked: Blocked | undefined
  let isWatching = false
  let watches = 0
  // What watchdog-worker.ts does.
  function onAwake() {
    watches += 1
    if (isWatching) return
    isWatching = true
    void watchPulse({ vitals, blockMsMax: BLOCK_MS_MAX }, watching).then((found) => {
      isWatching = false
      blocked = found
    })
  }
  const pulse = openPulse(vitals, watched, onAwake)
  const beating = pulse.run(stop.signal)
  async function turns(count: number, clocks: readonly (typeof watched)[]) {
    for (let turn = 0; turn < count; turn += 1) {
      for (const clock of clocks) clock.advance(TICK_MS)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    pulse,
    beating,
    blocked: () => blocked,
    watches: () => watches,
    sleepers: () => watching.sleepers,
    live: (count: number) => turns(count, [watched, watching]),
    blockedFor: (count: number) => turns(count, [watching]),
  }
}

describe('the watchdog', () => {
  test('names the handler that has blocked its thread for the limit', async () => {
    const world = openWorld()
    await world.live(3)
    world.pulse.enter('github pull_request.opened')
    await world.live(1)
    // The beat of that turn comes after the look of that turn.
    await world.blockedFor(4)
    expect(world.blocked()).toBeUndefined()
    await world.blockedFor(1)
    expect(world.blocked()).toEqual({
      handler: 'github pull_request.opened',
      others: 0,
      blockedMs: BLOCK_MS_MAX,
    })
  })

  test('is patient with a thread that is busy with something else', async () => {
    const world = openWorld()
    world.pulse.enter('github push')()
    await world.blockedFor(100)
    expect(world.blocked()).toBeUndefined()
  })

  test('is patient with handlers that wait, as long as the thread lives', async () => {
    const world = openWorld()
    world.pulse.enter('github push')
    await world.live(100)
    expect(world.blocked()).toBeUndefined()
  })

  test('a heartbeat in between starts the count again', async () => {
    const world = openWorld()
    world.pulse.enter('github push')
    for (let round = 0; round < 10; round += 1) {
      await world.blockedFor(3)
      await world.live(1)
    }
    expect(world.blocked()).toBeUndefined()
  })

  test('goes back to the handler that waits when another one has ended', async () => {
    const world = openWorld()
    world.pulse.enter('shop orders/create')
    const leave = world.pulse.enter('github push')
    leave()
    leave()
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ handler: 'shop orders/create', others: 0 })
  })

  test('neither side does anything while no handler runs', async () => {
    const world = openWorld()
    expect(world.watches()).toBe(0)
    world.pulse.enter('github push')()
    expect(world.watches()).toBe(1)
    await world.live(4)
    expect(world.sleepers()).toBe(0)

    world.pulse.enter('github push')
    expect(world.watches()).toBe(2)
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ handler: 'github push' })
  })

  test('a name that is too long is cut, not written over anything', async () => {
    const world = openWorld()
    world.pulse.enter('x'.repeat(5_000))
    await world.blockedFor(6)
    expect(world.blocked()?.handler).toHaveLength(1024)
  })
})
