/** Seeks on the real Kafka, which knows what was written when. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { CONSUMER_PARTITION_RECORDS_MAX } from '../../src/limits/consumers.ts'
import { randomToken } from '../../src/ids.ts'
import { onRecord, z } from '../../src/gateway.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { openNode, produce, until } from './node.ts'

setDefaultTimeout(60_000)
const HOUR_MS = 3_600_000

describeWithKafka('a consumer that is paused', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('knows how far it is behind, also of what it fetches no more', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    await using node = await openNode(brokers, {
      topics: [topic],
      group: `paused-${randomToken()}`,
      events: { '*': onRecord(z.int(), () => null) },
    })
    const { consumer } = node
    const partition = () => consumer.status().partitions[0]
    await until('it reads', () => partition() !== undefined)
    expect(partition()?.lag).toBe(0)
    consumer.pause()
    const values = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ key: 'a', value: n }))
    const full = CONSUMER_PARTITION_RECORDS_MAX + 500
    await produce(brokers, topic, values(full))
    await until('it is full', () => (partition()?.unfinished ?? 0) > CONSUMER_PARTITION_RECORDS_MAX)
    await produce(brokers, topic, values(300))
    await until('it knows of those that it has not fetched', () => partition()?.lag === full + 300)
    consumer.resume()
    await until('all are processed', () => partition()?.position === full + 300)
    expect(partition()?.lag).toBe(0)
  })
})

describeWithKafka('a consumer that is told to go on elsewhere', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('finds the first record since a time, the ends, and goes on from there', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    await produce(brokers, topic, [
      { key: 'a', value: 1 },
      { key: 'a', value: 2 },
    ])
    const seen: unknown[] = []
    await using node = await openNode(brokers, {
      topics: [topic],
      group: `seek-${randomToken()}`,
      events: { '*': onRecord(z.int(), ({ data }) => void seen.push(data)) },
    })
    const { consumer } = node
    const position = () => consumer.status().partitions[0]?.position
    const duplicates = () => consumer.status().tally.duplicates
    await until('both are processed', () => position() === 2)

    expect(await consumer.seek({}, { at: systemClock.now() - HOUR_MS })).toBe(1)
    await until('both came once more', () => duplicates() === 2)
    expect(await consumer.seek({ topic }, 'earliest')).toBe(1)
    await until('both came again', () => duplicates() === 4)
    expect(await consumer.seek({ topic, partition: 0 }, 1)).toBe(1)
    await until('the second came again', () => duplicates() === 5)

    const there = `${topic}/0 begins at 0 and ends before 2`
    expect(await consumer.seek({ topic, partition: 0 }, 3).catch(String)).toBe(
      `GatewayError: OFFSET_UNKNOWN: 3: ${there}`,
    )
    expect([position(), duplicates()]).toEqual([2, 5])
    expect(await consumer.seek({ topic, partition: 0 }, 2)).toBe(1)

    consumer.pause()
    await produce(brokers, topic, [{ key: 'a', value: 3 }])
    await until('the third waits', () => consumer.status().partitions[0]?.lag === 1)
    expect(await consumer.seek({}, { at: systemClock.now() + HOUR_MS })).toBe(1)
    consumer.resume()
    await produce(brokers, topic, [{ key: 'a', value: 4 }])
    await until('the fourth is processed', () => position() === 4)
    expect(seen).toEqual([1, 2, 4])
    expect(await consumer.seek({ topic: 'another' }, 'latest')).toBe(0)
  })
})
