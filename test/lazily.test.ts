import { expect, test } from 'bun:test'
import { lazily } from '../src/lazily.ts'

test('what is made lazily is made once, at its first use', () => {
  let made = 0
  const thing = lazily(() => {
    made += 1
    return undefined
  })
  expect(made).toBe(0)
  thing()
  thing()
  expect(made).toBe(1)
})
