import { expect, test } from 'bun:test'
import { openLine } from '../../src/door/line.ts'
import { TURN_MS_MAX, WAIT_MS_MAX } from '../../src/limits/waiting.ts'
import { manualClock } from '../support/manual-clock.ts'

/** More than a line is taken to need for a task before it has measured any. */
const BURST = 10 * WAIT_MS_MAX

function openWorld() {
  const clock = manualClock()
  const turns: (() => void)[] = []
  const line = openLine({ clock, nextTurn: (turn) => void turns.push(turn) })
  const begun: number[] = []
  return {
    clock,
    line,
    begun,
    turns,
    /** Begins tasks that take so long each. */
    begin(count: number, taskMs: number) {
      return Promise.all(
        Array.from({ length: count }, (_, task) =>
          line.begin(async () => {
            begun.push(task)
            clock.advance(taskMs)
            return task
          }),
        ),
      )
    },
    /** Gives it the next turns of the event loop; as many as it asks for, unless told. */
    turn(count = Infinity) {
      for (let turn = 0; turn < count && turns.length > 0; turn += 1) turns.shift()?.()
    },
  }
}

test('a task begins at once while nobody waits', async () => {
  const world = openWorld()
  expect(await world.begin(1, TURN_MS_MAX)).toEqual([0])
  world.turn()
  expect(await world.begin(1, TURN_MS_MAX)).toEqual([0])
})

test('after TURN_MS_MAX of work the others wait for their turn, in their order', async () => {
  const world = openWorld()
  const results = world.begin(6, TURN_MS_MAX / 2)
  expect(world.begun.length).toBe(2)
  world.turn(1)
  expect(world.begun.length).toBe(4)
  world.turn()

  expect(world.begun).toEqual([0, 1, 2, 3, 4, 5])
  expect(await results).toEqual([0, 1, 2, 3, 4, 5])
})

test('it is as long as those in it will take whose turn has not come', async () => {
  const world = openWorld()
  await world.begin(1, TURN_MS_MAX)
  expect(world.line.lengthMs()).toBe(0)
  const waiting = world.begin(100, TURN_MS_MAX / 4)
  // None was measured yet: they count 0.1 ms each.
  expect(world.line.lengthMs()).toBeCloseTo(10)
  world.turn(1)
  expect(world.line.lengthMs()).toBeCloseTo(9.6)
  world.turn()

  expect(world.line.lengthMs()).toBe(0)
  await waiting
})

test('a task that fails fails alone', async () => {
  const world = openWorld()
  await world.begin(1, TURN_MS_MAX)
  const failed = world.line.begin(() => Promise.reject(new Error('full')))
  const next = world.begin(1, 0)
  world.turn()

  expect(await failed.catch((error: Error) => error.message)).toBe('full')
  expect(await next).toEqual([0])
})

test('it is too long where those before take longer than a sender may wait', async () => {
  const world = openWorld()
  expect(world.line.isTooLong(Infinity)).toBe(false)
  await world.begin(1, TURN_MS_MAX)
  const waiting = world.begin(1, 0)
  expect(world.line.isTooLong(BURST)).toBe(false)
  expect(world.line.isTooLong(BURST + 1)).toBe(true)
  world.turn()

  expect(world.line.isTooLong(Infinity)).toBe(false)
  await waiting
})

test('one long pause does not make it too long', async () => {
  const world = openWorld()
  const waiting = world.begin(1_000, 0.1)
  world.turn(80)
  world.clock.advance(10 * WAIT_MS_MAX)
  world.turn(1)
  expect(world.line.isTooLong(8 * WAIT_MS_MAX)).toBe(false)
  world.turn()
  await waiting
})

test('how long a task takes is measured', async () => {
  const world = openWorld()
  const slow = world.begin(1_000, 1)
  world.turn(500)
  // All have taken 1 ms; what was taken for granted before still counts a little.
  expect(world.line.isTooLong(WAIT_MS_MAX)).toBe(false)
  expect(world.line.isTooLong(1.2 * WAIT_MS_MAX)).toBe(true)
  world.turn()
  await slow
})
