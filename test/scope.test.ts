import { expect, test } from 'bun:test'
import { openBudget, openScope } from '../src/scope.ts'
import { manualClock } from './support/manual-clock.ts'

function open(shutdownMs = 1000) {
  const failures: string[] = []
  const clock = manualClock()
  const scope = openScope({
    clock,
    shutdownMs: () => shutdownMs,
    onFailure: (task, error) => failures.push(`${task}: ${(error as Error).message}`),
  })
  return { scope, failures, clock }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))

test('closing tells every task to stop and waits for it', async () => {
  const { scope, failures, clock } = open()
  const finished: string[] = []
  for (const name of ['a', 'b']) {
    scope.run(name, async (signal) => {
      await untilAborted(signal)
      finished.push(name)
    })
  }
  await scope.close()

  expect(finished).toEqual(['a', 'b'])
  expect(failures).toEqual([])
  expect(clock.sleepers).toBe(0)
})

test('a task that throws is reported once and leaves the others alone', async () => {
  const { scope, failures } = open()
  scope.run('broken', () => Promise.reject(new Error('boom')))
  scope.run('well', untilAborted)
  await scope.close()

  expect(failures).toEqual(['broken: boom'])
})

test('a task that does not stop is named when its time is up', async () => {
  const { scope, failures, clock } = open(1000)
  scope.run('stubborn', () => new Promise<void>(() => undefined))
  const closing = scope.close()
  clock.advance(1000)
  await closing

  expect(failures).toEqual(['stubborn: did not stop within 1000 ms'])
})

test('the tasks have what earlier steps of a shutdown have left, and never less than the least', async () => {
  for (const [spentMs, leftMs] of [
    [0, 10_000],
    [7_000, 3_000],
    [9_900, 1_500],
  ] as const) {
    const clock = manualClock()
    const failures: string[] = []
    const budget = openBudget({ clock, totalMs: 10_000, leastMs: 1_500 })
    const scope = openScope({
      clock,
      shutdownMs: () => budget.leftMs(),
      onFailure: (_, error) => failures.push((error as Error).message),
    })
    scope.run('stubborn', () => new Promise<void>(() => undefined))
    clock.advance(60_000)
    budget.begin()
    clock.advance(spentMs)
    const closing = scope.close()
    clock.advance(leftMs)
    await closing
    expect(failures).toEqual([`did not stop within ${leftMs} ms`])
  }
})
