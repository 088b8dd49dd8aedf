import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { openRate } from '../../src/door/rate.ts'
import { manualClock } from '../support/manual-clock.ts'

function open(options: { perSecond?: number; burst?: number; keysMax?: number } = {}) {
  const clock = manualClock()
  return { clock, rate: openRate({ clock, perSecond: 2, burst: 3, keysMax: 4, ...options }) }
}

/** Takes until a token is missing; how many there were. */
function takeAll(rate: ReturnType<typeof openRate>, key: string): number {
  let taken = 0
  while (rate.take(key) === 0) taken += 1
  return taken
}

describe('a rate', () => {
  test('passes a burst, then says how long the next token takes', () => {
    const { clock, rate } = open()

    expect(takeAll(rate, 'a')).toBe(3)
    expect(rate.take('a')).toBe(500)
    clock.advance(200)
    expect(rate.take('a')).toBe(300)
    clock.advance(300)
    expect(rate.take('a')).toBe(0)
    expect(rate.take('a')).toBe(500)
  })

  test('what is asked for in vain costs nothing', () => {
    const { clock, rate } = open()
    takeAll(rate, 'a')
    for (let n = 0; n < 100; n += 1) rate.take('a')
    clock.advance(500)

    expect(rate.take('a')).toBe(0)
  })

  test('limits each key for itself', () => {
    const { rate } = open()
    takeAll(rate, 'a')

    expect(takeAll(rate, 'b')).toBe(3)
  })

  test('a token that is given back was never taken', () => {
    const { rate } = open()
    for (let n = 0; n < 100; n += 1) {
      expect(rate.take('a')).toBe(0)
      rate.giveBack('a')
    }

    expect(rate.keys).toBe(0)
    expect(takeAll(rate, 'a')).toBe(3)
    rate.giveBack('never seen')
  })

  test('0 a second limits nothing and remembers nobody', () => {
    const { rate } = open({ perSecond: 0 })
    for (let n = 0; n < 1000; n += 1) expect(rate.take(`${n}`)).toBe(0)
    rate.giveBack('1')

    expect(rate.keys).toBe(0)
  })

  test('passes no more than the burst and the rate, however the requests lie', () => {
    const pauses = fc.array(fc.nat(700), { maxLength: 200 })
    fc.assert(
      fc.property(pauses, (waits) => {
        const { clock, rate } = open()
        let tokens = 3
        for (const ms of waits) {
          clock.advance(ms)
          tokens = Math.min(3, tokens + ms / 500)
          const has = tokens >= 1 - 1e-6
          expect(rate.take('a') === 0).toBe(has)
          if (has) tokens -= 1
        }
      }),
    )
  })
})

describe('the memory of a rate', () => {
  test('is bounded, and forgets the buckets that are full again first', () => {
    const { clock, rate } = open()
    for (const key of ['a', 'b', 'c', 'd']) rate.take(key)
    clock.advance(500)
    takeAll(rate, 'e')

    expect(rate.keys).toBe(4)
    expect(takeAll(rate, 'e')).toBe(0)
  })

  test('cannot be emptied by sending from many other addresses', () => {
    const { rate } = open()
    takeAll(rate, 'spent')
    for (let n = 0; n < 1000; n += 1) rate.take(`other-${n}`)

    expect(rate.take('spent')).toBeGreaterThan(0)
    expect(rate.keys).toBeLessThanOrEqual(4)
  })

  test('where it is used up, newcomers share one bucket until there is room', () => {
    const { clock, rate } = open()
    for (const key of ['a', 'b', 'c', 'd']) takeAll(rate, key)

    expect([rate.take('e'), rate.take('f'), rate.take('g')]).toEqual([0, 0, 0])
    expect(rate.take('h')).toBe(500)
    clock.advance(1500)
    expect(takeAll(rate, 'h')).toBe(3)
    expect(takeAll(rate, 'e')).toBe(3)
  })

  test('stays bounded over any sequence', () => {
    const steps = fc.array(fc.tuple(fc.nat(12), fc.nat(400), fc.boolean()), { maxLength: 300 })
    fc.assert(
      fc.property(steps, (sequence) => {
        const { clock, rate } = open()
        for (const [key, ms, isGivenBack] of sequence) {
          clock.advance(ms)
          if (rate.take(`${key}`) === 0 && isGivenBack) rate.giveBack(`${key}`)
          expect(rate.keys).toBeLessThanOrEqual(4)
        }
      }),
    )
  })
})
