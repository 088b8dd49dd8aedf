import { expect, test } from 'bun:test'
import { compileRoutes, isTypePattern } from '../src/route.ts'

const exact = { topic: 'exact' }
const long = { topic: 'long' }
const short = { topic: 'short' }
const rest = { topic: 'rest' }

test('the exact type wins, then the longest prefix, then the rest', () => {
  const route = compileRoutes({ 'a.b.c': exact, 'a.*': short, 'a.b.*': long, '*': rest })

  expect(route('a.b.c')).toBe(exact)
  expect(route('a.b.d')).toBe(long)
  expect(route('a.d')).toBe(short)
  expect(route('ab')).toBe(rest)
})

test('a type that nobody wants has no route', () => {
  expect(compileRoutes({ push: exact })('star')).toBeUndefined()
})

test('the names of object members are no routes', () => {
  expect(compileRoutes({ push: exact })('constructor')).toBeUndefined()
  expect(compileRoutes({ push: exact })('__proto__')).toBeUndefined()
})

test('a pattern is a type, a prefix or everything', () => {
  for (const pattern of ['push', 'a.b', 'a.*', '*']) expect(isTypePattern(pattern)).toBe(true)
  for (const pattern of ['', 'a*', '*.a', 'a.*.b', '**']) expect(isTypePattern(pattern)).toBe(false)
})
