import { expect, test } from 'bun:test'
import { Lanes, type Task } from '../../src/consume/lanes.ts'
import { systemClock } from '../../src/clock.ts'

test.each<[string, Task]>([
  [
    'throws',
    () => {
      throw new Error('a bug')
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug'))],
])('a task that %s is told, and neither its lane nor its place is taken up', async (_, task) => {
  const told: unknown[] = []
  const lanes = new Lanes({
    clock: systemClock,
    concurrency: 1,
    onFailed: (error) => void told.push(error),
  })
  const begun: string[] = []
  lanes.add(() => 'a', task)
  lanes.add(
    () => 'a',
    () => (begun.push('a'), 'done'),
  )
  lanes.add(
    () => 'b',
    () => (begun.push('b'), 'done'),
  )
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  expect(told).toEqual([new Error('a bug')])
  // What follows of its key would be counted as done before it.
  expect(begun).toEqual(['b'])
  lanes.stop()
  await lanes.stopped()
})
