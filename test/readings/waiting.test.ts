import { expect, test } from 'bun:test'
import { openWaiting } from '../../src/readings/waiting.ts'
import { manualClock } from '../support/manual-clock.ts'

const WEEK = 7 * 24 * 60 * 60_000

function world() {
  const clock = manualClock()
  const waitedMs = openWaiting(clock)
  /** Looks 10 s after the last time, where the events are as old as `receivedAt` says. */
  function look(highWater: number, lastSeq: number, receivedAt = clock.now()): number {
    clock.advance(10_000)
    const pending = lastSeq - highWater
    return waitedMs({ pending, lastSeq, oldestReceivedAt: pending === 0 ? null : receivedAt })
  }
  return { clock, look }
}

test('what has just come in has waited since it was received', () => {
  const { clock, look } = world()
  expect(look(0, 0)).toBe(0)
  expect(look(0, 1, clock.now() + 9_000)).toBe(1_000)
})

test('a replay of old events waits since it wrote their records, to one look', () => {
  const { clock, look } = world()
  const lastWeek = clock.now() - WEEK
  look(7, 7)
  expect(look(7, 9, lastWeek)).toBe(10_000)
  expect(look(7, 12, lastWeek)).toBe(20_000)
  expect(look(9, 15, lastWeek)).toBe(20_000)
  expect(look(12, 15, lastWeek)).toBe(20_000)
  expect(look(15, 15)).toBe(0)
  expect(look(15, 16, lastWeek)).toBe(10_000)
})

test('what an earlier process has left waits since it was received', () => {
  const { clock, look } = world()
  const hourAgo = clock.now() - 3_600_000
  expect(look(3, 9, hourAgo)).toBe(3_610_000)
  expect(look(8, 9, hourAgo)).toBe(3_620_000)
  expect(look(9, 12, hourAgo)).toBe(10_000)
})

test('an outage of days is still known to half a percent', () => {
  const { clock, look } = world()
  const lastWeek = clock.now() - WEEK
  look(0, 0)
  const beganAt = clock.now()
  for (let seq = 1; seq <= 20_000; seq += 1) look(0, seq, lastWeek)
  expect(look(0, 20_001, lastWeek)).toBe(clock.now() - beganAt)
  const wroteAt = beganAt + 10_000 * 10_000
  const offMs = look(10_000, 20_001, lastWeek) - (clock.now() - wroteAt)
  expect(offMs).toBeGreaterThanOrEqual(0)
  expect(offMs).toBeLessThan((clock.now() - beganAt) / 200)
})

test('a clock that is set back does not make what waits young for ever', () => {
  const { clock, look } = world()
  look(3, 3)
  clock.advance(-3_600_000)
  const receivedAt = clock.now()
  look(3, 5, receivedAt)
  expect(look(3, 5, receivedAt)).toBe(20_000)
})
