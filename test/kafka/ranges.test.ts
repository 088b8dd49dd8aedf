import { afterAll, expect, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import type { SeekTarget } from '../../src/consumer-status.ts'
import { findRanges } from '../../src/kafka/ranges.ts'
import { silentLog } from '../../src/log.ts'
import { produce } from '../consume/node.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'

const CLIENT = { clientId: 'ranges-test', security: {}, clock: systemClock, log: silentLog }

test('a range that ends before it begins is refused before Kafka is asked', async () => {
  // Nobody listens there, and a question takes longer than the test may.
  const options = { ...CLIENT, brokers: ['127.0.0.1:1'] }
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

describeWithKafka('a range of a partition', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('is what is there between its ends, and refused where one is not', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    const three = [1, 2, 3].map((value) => ({ key: 'a', value }))
    await produce(brokers, topic, three)
    const options = { ...CLIENT, brokers: brokers.split(',') }
    const find = async (from: SeekTarget, to: SeekTarget) => {
      const query = { topics: [topic], topic, partition: 0, from, to }
      return findRanges(query, options).catch(String)
    }
    const place = { topic, partition: 0 }
    expect(await find('earliest', 'latest')).toEqual([{ ...place, from: 0, to: 3 }])
    expect(await find(1, 3)).toEqual([{ ...place, from: 1, to: 3 }])
    expect(await find({ at: systemClock.now() + 3_600_000 }, 'latest')).toEqual([])
    const there = `${topic}/0 begins at 0 and ends before 3`
    expect(await find(5_000, 6_000)).toBe(`GatewayError: OFFSET_UNKNOWN: 5000: ${there}`)
    expect(await find(1, 4)).toBe(`GatewayError: OFFSET_UNKNOWN: 4: ${there}`)
    const hourAgo = systemClock.now() - 3_600_000
    const isoTime = new Date(hourAgo).toISOString()
    expect(await find(2, { at: hourAgo })).toBe(
      `GatewayError: RANGE_REVERSED: 2 to ${isoTime} is 2 to 0 in ${topic}/0`,
    )
    expect(await find({ at: hourAgo }, 2)).toEqual([{ ...place, from: 0, to: 2 }])
    expect(await find(0, { at: hourAgo })).toEqual([])
  })
})
