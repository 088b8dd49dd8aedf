import { expect, test } from 'bun:test'
import { reliabilityPage, type Result } from './results.ts'

const result: Result = {
  name: 'kill',
  promise: 'durable ack',
  part: 0,
  parts: 2,
  seed: 7,
  row: {
    cases: 400,
    acked: 90_000,
    lost: 0,
    duplicates: 3,
    inversions: 0,
    held: true,
    controlCaught: true,
    figures: { refused: 12 },
  },
  seconds: 900,
  date: '2026-01-01',
  commit: 'abc1234',
  machine: 'a machine',
}

test('the page adds the parts of a torture up, and names each run', () => {
  const page = reliabilityPage([result, { ...result, part: 1, seed: 8 }])
  expect(page).toContain(
    '| kill | durable ack | 800 | 180,000 | 0 | 6 | 0 | yes | yes | refused 24 |',
  )
  expect(page).toContain('| kill 2/2 | 8 | 900 s | 2026-01-01 | `abc1234` | a machine |')
})

test('a part that failed, or was not run, shows on the page', () => {
  const failed = { ...result, row: { ...result.row, held: false } }
  expect(reliabilityPage([failed])).toContain('| kill (1 of 2 parts) |')
  expect(reliabilityPage([failed])).toContain('| **no** | yes |')
})
