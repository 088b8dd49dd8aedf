import { expect, test } from 'bun:test'
import { growthOf, growthOfLeast, type Vitals } from './vital-signs.ts'

const handles = (vitals: Vitals) => vitals.handles

function seenWith(counts: readonly number[]): Vitals[] {
  return counts.map((count, atMs) => {
    return { atMs, rssMib: 0, handles: count, walMib: 0, databaseMib: 0 }
  })
}

const calm = [20, 20, 20, 20]
const attacked = [120, 120, 120, 20]

test('an attack in the last quarter is no leak of handles', () => {
  const seen = seenWith([...calm, ...calm, ...calm, ...attacked])
  expect(growthOfLeast(seen, handles)).toBe(0)
  expect(growthOf(seen, handles)).toBe(100)
})

test('what is left of each attack is one', () => {
  const seen = seenWith([...calm, ...attacked, ...calm, ...attacked.map((count) => count + 60)])
  expect(growthOfLeast(seen, handles)).toBe(60)
})
