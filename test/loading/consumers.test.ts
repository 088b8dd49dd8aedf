import { expect, test } from 'bun:test'
import { consumerProblem, consumersNamedTwice } from '../../src/loading/consumers.ts'
import { defineConsumer, onRecord, z } from '../../src/gateway.ts'

const events = { '*': onRecord(z.unknown(), () => null) }

function loaded(file: string, name: string, group?: string) {
  const own = group === undefined ? {} : { group }
  return { file, definition: defineConsumer(name, { topics: ['t'], events, ...own }) }
}

test('a group has one consumer, also where it is the default of another', () => {
  const [mid, other, more] = [
    loaded('handlers/mid.ts', 'mid'),
    loaded('handlers/other.ts', 'other', 'inlet.mid'),
    loaded('handlers/more.ts', 'more', 'own'),
  ]
  expect(consumersNamedTwice([mid, more])).toEqual([])
  expect(consumersNamedTwice([mid, other, more])).toEqual([
    'mid.ts and other.ts are both in the group "inlet.mid"',
  ])
  expect(consumersNamedTwice([mid, { ...mid, file: 'handlers/again.ts' }])).toEqual([
    'mid.ts and again.ts both define the consumer "mid"',
  ])
})

test('a pattern that remembers its last match would pass over topics', () => {
  const problem = (topic: RegExp) =>
    consumerProblem({ kind: 'consumer', name: 'all', topics: [topic], events })
  expect(problem(/^a/i)).toBeUndefined()
  for (const topic of [/^a/g, /^a/y]) expect(problem(topic)).toContain('without the flags g and y')
})
