import { expect, test } from 'bun:test'
import { GroupCommit } from '../../db/group-commit.ts'
import { GatewayError } from '../../src/faults/faults.ts'
import { COMMIT_BYTES_MAX } from '../../src/limits/limits.ts'
import { COMMIT_DELIVERIES_ENOUGH, GATHER_MS_MAX } from '../../src/limits/waiting.ts'
import { heldSync, settle, stateOf } from './world.ts'

/** Batches of items that do nothing: what they would do is the writer's. */
function openWorld() {
  const sync = heldSync()
  const batches: number[] = []
  const turns: (() => void)[] = []
  const time = { nowMs: 1_000, readings: 0 }
  const answers: Promise<void>[] = []
  const commits = new GroupCommit<undefined>({
    apply(batch) {
      batches.push(batch.length)
      return { answers: batch.map((item) => item.run(undefined)), changed: true }
    },
    sync,
    onSynced() {},
    onFatal: () => void (world.fatal += 1),
    nextTurn: (turn) => void turns.push(turn),
    clock: {
      monotonicMs() {
        time.readings += 1
        return time.nowMs
      },
    },
  })
  const world = {
    commits,
    sync,
    /** How many deliveries each batch has, in their order. */
    batches,
    turns,
    /** What the clock says, and how often it was asked. */
    time,
    answers,
    isMoreComing: true,
    /** How often `onFatal` was called. */
    fatal: 0,
    submit: (count: number, bytes = 1) => {
      for (let n = 0; n < count; n += 1) {
        const answer = commits.submit(bytes, () => undefined)
        // A test looks at it later.
        answer.catch(() => undefined)
        answers.push(answer)
      }
    },
    /** The next turn of the event loop, after one that took so long. */
    turn(ms = 0) {
      time.nowMs += ms
      turns.shift()?.()
    },
  }
  commits.gatherWhile(() => world.isMoreComing)
  return world
}

/** As `openWorld`, with one batch on disk and one delivery that waits for the next. */
async function openGathering() {
  const world = openWorld()
  world.submit(2)
  await world.sync.finish()
  expect(world.batches).toEqual([1])
  return world
}

test('while more is about to come, a batch begins when it has enough', async () => {
  const world = await openGathering()
  world.submit(COMMIT_DELIVERIES_ENOUGH - 2)
  world.turn()
  expect(world.batches).toEqual([1])
  world.submit(1)
  world.turn()
  expect(world.batches).toEqual([1, COMMIT_DELIVERIES_ENOUGH])
  expect(world.turns).toHaveLength(0)
})

test('it begins once nothing more is coming', async () => {
  const world = await openGathering()
  world.turn()
  expect(world.batches).toEqual([1])
  world.isMoreComing = false
  world.turn()
  expect(world.batches).toEqual([1, 1])
})

test('it begins after GATHER_MS_MAX, though more may always be coming', async () => {
  const world = await openGathering()
  for (let ms = 1; ms < GATHER_MS_MAX; ms += 1) world.turn(1)
  expect(world.batches).toEqual([1])
  world.turn(1)
  expect(world.batches).toEqual([1, 1])
  expect(world.turns).toHaveLength(0)
  await world.sync.finish()
  await Promise.all(world.answers)
})

test('one slow turn is enough, however few came', async () => {
  const world = await openGathering()
  world.turn(20)
  expect(world.batches).toEqual([1, 1])
})

test('it begins when it has the bytes that one commit takes', async () => {
  const world = await openGathering()
  world.submit(1, COMMIT_BYTES_MAX - 2)
  world.turn()
  expect(world.batches).toEqual([1])
  world.submit(1)
  world.turn()
  expect(world.batches).toEqual([1, 3])
})

test('where nothing more is coming nobody looks at the clock', async () => {
  const world = openWorld()
  world.isMoreComing = false
  world.submit(2)
  await world.sync.finish()
  await world.sync.finish()
  expect(world.batches).toEqual([1, 1])
  expect(world.time.readings).toBe(0)
})

test('with nothing in work the first delivery begins a batch, whatever is coming', () => {
  const world = openWorld()
  world.submit(1)
  expect(world.batches).toEqual([1])
})

test('whoever wants to be between two batches ends the gathering', async () => {
  const world = await openGathering()
  let isHeld = false
  const held = world.commits.hold(async () => void (isHeld = true))
  world.turn()
  await settle()
  expect(isHeld).toBe(true)
  await held
  expect(world.batches).toEqual([1, 1])
})

test('what is gathered when it closes is committed first', async () => {
  const world = await openGathering()
  const closed = world.commits.close()
  world.isMoreComing = false
  world.turn()
  await world.sync.finish()
  await Promise.all([...world.answers, closed])
})

test('a failure rejects what is being synced at once, and nobody waits for that sync', async () => {
  const world = openWorld()
  world.submit(2)
  const held = world.commits.hold(async () => undefined)
  const closed = world.commits.close()
  world.commits.fail(new GatewayError('STORAGE_FAILED', 'another write'))
  await settle()
  const states = await Promise.all([...world.answers, held, closed].map(stateOf))
  expect(states).toEqual(['broken', 'broken', 'kept', 'kept'])
  expect(world.sync.isRunning).toBe(true)
  expect(world.commits.pendingBytes).toBe(0)
  await world.commits.close()
})

test('what a sync says after a failure changes nothing, whatever it says', async () => {
  for (const late of [undefined, new Error('EIO')]) {
    const world = openWorld()
    world.submit(1)
    world.commits.fail(new GatewayError('STORAGE_FAILED', 'another write'))
    await world.sync.finish(late)
    expect(await Promise.all(world.answers.map(stateOf))).toEqual(['broken'])
    expect(world.commits.pendingBytes).toBe(0)
    expect({ turns: world.turns.length, fatal: world.fatal }).toEqual({ turns: 0, fatal: 1 })
  }
})
