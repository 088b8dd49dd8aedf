import { describe, expect, test } from 'bun:test'
import { find, findStep, type FindPorts, type Looking } from '../../src/rerun/find.ts'

const looking: Looking = { kind: 'replay', query: {}, cursor: 0, bound: 10 }
const ports: FindPorts = {
  search: (_query, behind, limit) => {
    const seqs = [1, 3, 5, 12].filter((seq) => seq > behind).slice(0, limit)
    return Promise.resolve({ seqs, next: seqs.length < limit ? null : (seqs.at(-1) ?? null) })
  },
  stored: (seqs) => seqs.filter((seq) => seq !== 2).toSorted((a, b) => a - b),
  entries: ({ after, bound, limit }) =>
    Promise.resolve([4, 6, 8].filter((seq) => seq > after && seq <= bound).slice(0, limit)),
  bytesOf: (_kind, seq) => seq * 10,
}

describe('what comes next', () => {
  test('goes on behind the cursor, and ends at the bound', async () => {
    expect(await find(looking, 2, ports)).toEqual({ seqs: [1, 3], to: 3 })
    expect(await find({ ...looking, cursor: 3 }, 2, ports)).toEqual({ seqs: [5], to: 10 })
    expect(await find({ ...looking, cursor: 10 }, 2, ports)).toEqual({ seqs: [], to: 10 })
  })

  test('of a list is what is still there, in its order', async () => {
    const listed: Looking = { ...looking, query: { seqs: [9, 2, 7, 1, 11] } }
    expect(await find(listed, 2, ports)).toEqual({ seqs: [1, 7], to: 7 })
    expect(await find({ ...listed, cursor: 7 }, 2, ports)).toEqual({ seqs: [9], to: 10 })
  })

  test('of a redrive is entries', async () => {
    const redrive: Looking = { ...looking, kind: 'redrive' }
    expect(await find(redrive, 2, ports)).toEqual({ seqs: [4, 6], to: 6 })
    expect(await find({ ...redrive, cursor: 6 }, 2, ports)).toEqual({ seqs: [8], to: 10 })
  })

  test('is cut where it would be too much at once, but never to nothing', async () => {
    const max = { limit: 3, bytesMax: 45 }
    expect(await findStep(looking, max, ports)).toEqual({ seqs: [1, 3], to: 3 })
    const last = { ...looking, cursor: 3 }
    expect(await findStep(last, { ...max, bytesMax: 1 }, ports)).toEqual({ seqs: [5], to: 10 })
  })
})
