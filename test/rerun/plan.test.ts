import { describe, expect, test } from 'bun:test'
import { planRerun } from '../../src/rerun/plan.ts'
import { manualClock } from '../support/manual-clock.ts'

const clock = manualClock()

const nothing = {
  clock,
  search: () => Promise.resolve({ seqs: [], next: null }),
  stored: () => [],
  entries: () => Promise.resolve([]),
  bytesOf: () => 0,
  topicsOf: () => Promise.resolve([]),
}

describe('a plan', () => {
  test('adds up what the slices find, by topic', async () => {
    const plan = await planRerun(
      'replay',
      {},
      {
        ...nothing,
        boundOf: () => 250,
        // The last two are newer than the plan.
        search: (_query, behind) =>
          Promise.resolve(
            behind < 200
              ? { seqs: [behind + 1, behind + 2], next: behind + 100 }
              : { seqs: [201, 202, 251, 252], next: null },
          ),
        topicsOf: (_kind, [first]) => Promise.resolve(first === 1 ? ['a', 'b', 'b'] : ['a']),
      },
    )
    expect(plan).toEqual({
      events: 6,
      records: 5,
      topics: [
        { topic: 'a', records: 3 },
        { topic: 'b', records: 2 },
      ],
      isComplete: true,
    })
  })

  test('says where counting took too long', async () => {
    const slow = manualClock()
    const search = (_query: unknown, behind: number) => {
      slow.advance(1_500)
      return Promise.resolve({ seqs: [], next: behind + 1 })
    }
    const ports = { ...nothing, clock: slow, boundOf: () => 9, search }
    expect(await planRerun('replay', {}, ports)).toMatchObject({ isComplete: false })
  })
})
