import { beforeEach, expect, test } from 'bun:test'
import { AWAY_MS_MAX } from '../../src/limits/edge.ts'
import { openHandOn, type HandOn } from '../../src/entries/hand-on.ts'
import { silentLog } from '../../src/log.ts'
import type { PassEnd } from '../../src/relay/pass.ts'
import { manualClock, type ManualClock } from '../support/manual-clock.ts'

let clock: ManualClock
let handOn: HandOn
/** Of each pass that was begun, what ends it. */
let passes: PromiseWithResolvers<PassEnd>[]

beforeEach(() => {
  clock = manualClock()
  passes = []
  handOn = openHandOn({
    clock,
    log: silentLog,
    pass() {
      const ending = Promise.withResolvers<PassEnd>()
      passes.push(ending)
      return ending.promise
    },
  })
})

/** A pass on this occasion, which ends like this; how many have been begun by then. */
async function run(occasion: 'answer' | 'schedule', end: PassEnd): Promise<number> {
  const before = passes.length
  const handing = handOn(occasion, 1_000)
  if (passes.length > before) passes.at(-1)?.resolve(end)
  await handing
  return passes.length
}

test('where nobody takes anything, answers wait longer and longer, and a schedule does not', async () => {
  expect(await run('answer', 'unavailable')).toBe(1)
  for (let answers = 0; answers < 10; answers += 1) expect(await run('answer', 'done')).toBe(1)
  expect(await run('schedule', 'unavailable')).toBe(2)
  // The second wait is at least as long as the first is at most.
  clock.advance(999)
  expect(await run('answer', 'done')).toBe(2)
  clock.advance(AWAY_MS_MAX)
  expect(await run('answer', 'unavailable')).toBe(3)
  clock.advance(AWAY_MS_MAX)
  expect(await run('answer', 'done')).toBe(4)
  expect(await run('answer', 'done')).toBe(5)
})

test('that another isolate is at it says nothing of who takes', async () => {
  await run('answer', 'unavailable')
  await run('schedule', 'busy')
  expect(await run('answer', 'done')).toBe(2)
})

test('who asks while a pass is under way has it done after that one', async () => {
  const first = handOn('answer', 1_000)
  await handOn('answer', 1_000)
  expect(passes).toHaveLength(1)
  passes[0]?.resolve('done')
  await Promise.resolve()
  passes[1]?.resolve('done')
  await first
  expect(passes).toHaveLength(2)
})

test('a pass that ends late does not end the one that has taken over', async () => {
  const late = handOn('answer', 1_000)
  clock.advance(120_000)
  const later = handOn('answer', 1_000)
  expect(passes).toHaveLength(2)
  passes[0]?.resolve('busy')
  await late
  await handOn('answer', 1_000)
  expect(passes).toHaveLength(2)
  passes[1]?.resolve('busy')
  await later
})
