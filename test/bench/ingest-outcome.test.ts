import { expect, test } from 'bun:test'
import { figuresOf, type Round } from '../../bench/ingest-outcome.ts'

const BARE_PER_SECOND = 100_000

/** One round of each, with a bare server this busy. */
function roundsOf(bareBusy: readonly number[]) {
  const ours = { requests: 1, used: 1, p50Ms: 1, p99Ms: 2, maxMs: 3, generatorBusy: 0.1, busy: 1 }
  return {
    ours: bareBusy.map((_, n): Round => ({ ...ours, perSecond: 10_000 + n })),
    bare: bareBusy.map((busy): Round => ({ ...ours, perSecond: BARE_PER_SECOND, busy })),
    peers: [
      { name: 'peer', rounds: bareBusy.map((_, n): Round => ({ ...ours, perSecond: 1_000 + n })) },
    ],
  }
}

test('rounds whose bare server was kept waiting are left out', () => {
  expect(figuresOf(256, roundsOf([0.5, 0.99, 0.98, 0.6, 1]))).toMatchObject({
    valid: true,
    roundsCounted: 3,
    ratio: { min: 0.100_01, max: 0.100_04 },
  })
})

test('a peer is compared round by round, in those that count', () => {
  const { peers } = figuresOf(256, roundsOf([0.5, 1, 1]))
  expect(peers).toMatchObject([
    { name: 'peer', oursToPeer: { min: 10_002 / 1_002, max: 10_001 / 1_001 } },
  ])
})

test('where half of them are left out the outcome is not valid, and shows all', () => {
  expect(figuresOf(256, roundsOf([0.5, 0.99, 0.98, 0.6]))).toMatchObject({
    valid: false,
    roundsCounted: 2,
    ratio: { min: 0.1, max: 0.100_03 },
  })
})

test('one connection cannot keep a bare server busy, and all rounds count', () => {
  expect(figuresOf(1, roundsOf([0.5, 0.4]))).toMatchObject({ valid: true, roundsCounted: 2 })
})
