import { expect, test } from 'bun:test'
import { nearestOf } from '../src/nearest.ts'

test.each([
  ['stripe', 'stripe'],
  ['strpe', 'stripe'],
  ['gihub', 'github'],
  ['slick', 'slack'],
  ['something else entirely', undefined],
  ['x', undefined],
])('"%s" is taken for %s', (typed, meant) => {
  expect(nearestOf(typed, ['github', 'slack', 'stripe'])).toBe(meant)
})
