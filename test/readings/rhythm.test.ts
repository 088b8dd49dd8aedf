import { expect, test } from 'bun:test'
import { Rhythm } from '../../src/readings/rhythm.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A source that sends each minute from 9 to 19 o'clock of each weekday; 1970-01-05 is a Monday. */
function workingHours(days: number): Rhythm {
  const rhythm = new Rhythm()
  for (let day = 4; day < 4 + days; day += 1) {
    if ((day + 3) % 7 > 4) continue
    for (let minute = 0; minute < 600; minute += 1) {
      rhythm.arrived(day * DAY + 9 * HOUR + minute * MINUTE)
    }
  }
  return rhythm
}

test('nothing is usual before a source was watched for a day, and sent enough', () => {
  const today = workingHours(1)
  expect(today.usualGapMs(4 * DAY + 20 * HOUR)).toBeNull()

  const rare = new Rhythm()
  for (let day = 0; day < 9; day += 1) rare.arrived(day * DAY)
  expect(rare.usualGapMs(9 * DAY)).toBeNull()
  rare.arrived(9 * DAY)
  expect(rare.usualGapMs(9 * DAY)).toBe(DAY)
})

test('a night is usual once it was seen, and a weekend', () => {
  const night = 14 * HOUR + MINUTE
  expect(workingHours(2).usualGapMs(5 * DAY + 20 * HOUR)).toBe(night)
  expect(workingHours(8).usualGapMs(11 * DAY + 20 * HOUR)).toBe(night + 2 * DAY)
})

test('what was usual is forgotten after eight days', () => {
  const rhythm = new Rhythm()
  rhythm.arrived(0)
  for (let hour = 40; hour < 12 * 24; hour += 1) {
    rhythm.arrived(hour * HOUR)
    if (hour === 8 * 24) expect(rhythm.usualGapMs(hour * HOUR)).toBe(40 * HOUR)
  }
  expect(rhythm.usualGapMs(12 * DAY)).toBe(HOUR)
})

test('a clock that is set back is no gap', () => {
  const rhythm = new Rhythm()
  for (let each = 0; each < 20; each += 1) rhythm.arrived(2 * DAY - each * HOUR)
  expect(rhythm.usualGapMs(4 * DAY)).toBe(0)
})

test('the next process goes on from what was known', () => {
  const night = 14 * HOUR + MINUTE
  const next = new Rhythm()
  next.resume(workingHours(2).known(), 6 * DAY)
  expect(next.usualGapMs(6 * DAY)).toBe(night)
  expect(next.lastAt).toBeNull()
  expect(next.silentSince).toBe(6 * DAY)
})

test('the time without a process is no pause', () => {
  const next = new Rhythm()
  next.resume(workingHours(2).known(), 9 * DAY)
  next.arrived(9 * DAY + HOUR)
  expect(next.usualGapMs(9 * DAY + HOUR)).toBe(14 * HOUR + MINUTE)
})
