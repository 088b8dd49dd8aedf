import { expect, test } from 'bun:test'
import { GroupCommit } from '../../db/group-commit.ts'
import { COMMIT_DELIVERIES_ENOUGH, COMMIT_TURNS_MAX } from '../../src/limits/waiting.ts'
import { heldSync, settle } from './world.ts'

/** Batches of items that do nothing: what they would do is the writer's. */
function openWorld() {
  const sync = heldSync()
  const batches: number[] = []
  const turns: (() => void)[] = []
  const answers: Promise<void>[] = []
  const commits = new GroupCommit<undefined>({
    apply(batch) {
      batches.push(batch.length)
      return { answers: batch.map((item) => item.run(undefined)), changed: true }
    },
    sync,
    onSynced() {},
    onFatal() {},
    nextTurn: (turn) => void turns.push(turn),
  })
  const world = {
    commits,
    sync,
    /** How many deliveries each batch has, in their order. */
    batches,
    turns,
    answers,
    isMoreComing: true,
    submit: (count: number) => {
      for (let n = 0; n < count; n += 1) answers.push(commits.submit(1, () => undefined))
    },
    /** The next turn of the event loop. */
    turn: () => turns.shift()?.(),
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

test('it begins after COMMIT_TURNS_MAX turns, though more may always be coming', async () => {
  const world = await openGathering()
  for (let turned = 1; turned < COMMIT_TURNS_MAX; turned += 1) world.turn()
  expect(world.batches).toEqual([1])
  world.turn()
  expect(world.batches).toEqual([1, 1])
  expect(world.turns).toHaveLength(0)
  await world.sync.finish()
  await Promise.all(world.answers)
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
