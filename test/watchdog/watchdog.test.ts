import { afterEach, describe, expect, test } from 'bun:test'
import type { Watched } from '../../src/handler-watch.ts'
import { silentLog } from '../../src/log.ts'
import { WATCHED_CALLS_MAX } from '../../src/limits/watchdog.ts'
import { makeVitals } from '../../src/watchdog/vitals.ts'
import type { Served } from '../../src/loading/reload.ts'
import { openPulse, openWatchdog, watchPulse, type Blocked } from '../../src/watchdog/watchdog.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir } from '../support/temp.ts'

const BLOCK_MS_MAX = 2_000
const TICK_MS = 500

const served: Served = {
  sources: new Map(),
  callers: new Map(),
  consumers: new Map(),
  inactive: [],
  watched: { directory: '', files: [] },
  handlersName: '',
}

const PUSH: Watched = { source: 'github', type: 'push', eventId: 'delivery-1' }
const ORDER: Watched = {
  source: 'consumer:orders',
  type: 'order created',
  eventId: 'orders shop 7',
  partition: 3,
  offset: 2 ** 40,
}

let stop = new AbortController()
afterEach(() => {
  stop.abort()
  stop = new AbortController()
})

/** Both sides on clocks of their own: a thread that is blocked is one whose clock stands still. */
function openWorld() {
  const vitals = makeVitals()
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

test('notes that cannot be read are told of, and no reason not to start', async () => {
  await using directory = await makeTempDir()
  const told: string[] = []
  const watchdog = openWatchdog({
    clock: manualClock(),
    log: { ...silentLog, error: (event) => void told.push(event) },
    level: 'silent',
    notesPath: directory.path,
    reloader: { current: () => served, onServed: () => undefined },
  })

  expect(watchdog.door.hasNotes).toBe(false)
  expect(told).toEqual(['watchdog.notes_unread'])
  watchdog.close()
})

describe('the watchdog', () => {
  test('says what has blocked its thread for the limit, and where that was', async () => {
    const world = openWorld()
    await world.live(3)
    world.pulse.enter(ORDER)
    await world.live(1)
    // The beat of that turn comes after the look of that turn.
    await world.blockedFor(4)
    expect(world.blocked()).toBeUndefined()
    await world.blockedFor(1)
    expect(world.blocked()).toEqual({ suspects: [ORDER], others: 0, blockedMs: BLOCK_MS_MAX })
  })

  test('is patient with a thread that is busy with something else', async () => {
    const world = openWorld()
    world.pulse.leave(world.pulse.enter(PUSH))
    await world.blockedFor(100)
    expect(world.blocked()).toBeUndefined()
  })

  test('is patient with handlers that wait, as long as the thread lives', async () => {
    const world = openWorld()
    world.pulse.waits(world.pulse.enter(PUSH))
    await world.live(100)
    expect(world.blocked()).toBeUndefined()
  })

  test('a heartbeat in between starts the count again', async () => {
    const world = openWorld()
    world.pulse.enter(PUSH)
    for (let round = 0; round < 10; round += 1) {
      await world.blockedFor(3)
      await world.live(1)
    }
    expect(world.blocked()).toBeUndefined()
  })

  test('is patient with many that run one after the other, and keep the thread together', async () => {
    const world = openWorld()
    for (let round = 0; round < 10; round += 1) {
      const call = world.pulse.enter(ORDER)
      await world.blockedFor(3)
      world.pulse.leave(call)
    }
    expect(world.blocked()).toBeUndefined()
  })

  test('suspects the one that has not returned, whichever others wait', async () => {
    const world = openWorld()
    world.pulse.waits(world.pulse.enter(ORDER))
    world.pulse.enter(PUSH)
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ suspects: [PUSH], others: 1 })
  })

  test('suspects all that wait where none has not returned, the latest first', async () => {
    const world = openWorld()
    const { pulse } = world
    pulse.waits(pulse.enter(ORDER))
    const over = pulse.enter(PUSH)
    const late = { ...PUSH, eventId: 'delivery-2' }
    pulse.waits(pulse.enter(late))
    pulse.leave(over)
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ suspects: [late, ORDER], others: 1 })
  })

  test('names the one that has not returned, however many wait', async () => {
    const world = openWorld()
    for (let n = 0; n < 2 * WATCHED_CALLS_MAX; n += 1) world.pulse.waits(world.pulse.enter(PUSH))
    world.pulse.enter(ORDER)
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ suspects: [ORDER], others: 2 * WATCHED_CALLS_MAX })
  })

  test('of those that wait the latest keep their names, and others end unseen', async () => {
    const world = openWorld()
    const { pulse } = world
    const calls = Array.from({ length: WATCHED_CALLS_MAX + 10 }, (_, n) => {
      const call = pulse.enter({ ...PUSH, eventId: `delivery-${n}` })
      pulse.waits(call)
      return call
    })
    // The first has lost its slot, and may not free what is another one's by now.
    for (const n of [0, 30, 31]) pulse.leave(calls[n] ?? -1)
    for (let n = 0; n < 5; n += 1) pulse.leave(pulse.enter(ORDER))
    await world.blockedFor(6)
    const { suspects = [], others } = world.blocked() ?? {}
    const named = suspects.map(({ eventId }) => Number(eventId.split('-')[1]))

    expect(others).toBe(calls.length - 3 - 1)
    expect(named).toEqual(
      calls
        .map((_, n) => n)
        .filter((n) => n >= 9 && n !== 30 && n !== 31)
        .toReversed(),
    )
  })

  test('neither side does anything while no handler runs', async () => {
    const world = openWorld()
    expect(world.watches()).toBe(0)
    world.pulse.leave(world.pulse.enter(PUSH))
    expect(world.watches()).toBe(1)
    await world.live(4)
    expect(world.sleepers()).toBe(0)

    world.pulse.enter(PUSH)
    expect(world.watches()).toBe(2)
    await world.blockedFor(6)
    expect(world.blocked()).toMatchObject({ suspects: [PUSH] })
  })

  test('what is too long is cut, not written over anything', async () => {
    const world = openWorld()
    world.pulse.waits(world.pulse.enter(ORDER))
    world.pulse.enter({ source: 'x', type: 'y'.repeat(5_000), eventId: 'ü'.repeat(5_000) })
    await world.blockedFor(6)
    const [cut] = world.blocked()?.suspects ?? []
    expect([cut?.source, cut?.type.length, cut?.eventId.length]).toEqual(['x', 1_022, 768])
  })
})
