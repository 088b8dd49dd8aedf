import { expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import type { SeekTarget } from '../../src/consumer-status.ts'
import { findRanges } from '../../src/kafka/ranges.ts'
import { silentLog } from '../../src/log.ts'

test('a range that ends before it begins is refused before Kafka is asked', async () => {
  // Nobody listens there, and a question takes longer than the test may.
  const options = {
    brokers: ['127.0.0.1:1'],
    clientId: 'ranges-test',
    security: {},
    clock: systemClock,
    log: silentLog,
  }
  const reversed: readonly (readonly [SeekTarget, SeekTarget, string])[] = [
    [{ at: 2 }, { at: 1 }, '1970-01-01T00:00:00.002Z to 1970-01-01T00:00:00.001Z'],
    [5, 4, '5 to 4'],
    ['latest', { at: 1 }, 'latest to 1970-01-01T00:00:00.001Z'],
    [0, 'earliest', '0 to earliest'],
    ['latest', 'earliest', 'latest to earliest'],
  ]
  for (const [from, to, detail] of reversed) {
    expect(await findRanges({ topics: ['t'], from, to }, options).catch(String)).toBe(
      `GatewayError: RANGE_REVERSED: ${detail}`,
    )
  }
})
