/** What a real producer with transactions leaves between records: markers that are none. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Kafka, logLevel, type Producer } from 'kafkajs'
import { aggregate, onRecord, tumbling, z } from '../../src/gateway.ts'
import { randomToken } from '../../src/ids.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { openNode, until } from './node.ts'

setDefaultTimeout(60_000)

/** A producer with transactions, until `use` is done with it. */
async function withProducer(brokers: string, use: (producer: Producer) => Promise<void>) {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const transactionalId = `transactions-${randomToken()}`
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, transactionalId })
  await producer.connect()
  try {
    await use(producer)
  } finally {
    await producer.disconnect()
  }
}

/** Sends each list of values in a transaction of its own. */
async function send(
  brokers: string,
  topic: string,
  transactions: readonly { readonly end: 'commit' | 'abort'; readonly values: readonly number[] }[],
): Promise<void> {
  await withProducer(brokers, async (producer) => {
    for (const { end, values } of transactions) {
      const transaction = await producer.transaction()
      const messages = values.map((value) => ({ key: 'a', value: String(value) }))
      await transaction.send({ topic, messages })
      await transaction[end]()
    }
  })
}

describeWithKafka('behind a producer with transactions', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('a partition with nothing left has no lag, here and in Kafka, and goes on from its end', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    const group = `transactions-${randomToken()}`
    const seen: number[] = []
    const definition = {
      topics: [topic],
      group,
      events: { '*': onRecord(z.int(), ({ data }) => void seen.push(data)) },
    }
    await using node = await openNode(brokers, definition)
    const partition = () => node.consumer.status().partitions[0]
    await send(brokers, topic, [
      { end: 'commit', values: [1, 2] },
      { end: 'abort', values: [3] },
    ])
    // Two records and a marker, one that was aborted and another marker.
    await until('it is at the end', () => partition()?.position === 5)
    expect(partition()).toMatchObject({ lag: 0, highWatermark: 5 })
    await send(brokers, topic, [{ end: 'abort', values: [4] }])
    await until('it is behind what was aborted alone', () => partition()?.position === 7)
    expect(partition()?.lag).toBe(0)
    await node.stop()
    await using again = await openNode(brokers, definition, { db: node.db })
    await send(brokers, topic, [{ end: 'commit', values: [5] }])
    await until('it goes on', () => again.consumer.status().partitions[0]?.position === 9)
    expect(seen).toEqual([1, 2, 5])
    expect(again.consumer.status().tally.duplicates).toBe(0)
    const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await again.stop()
    const [told] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    await admin.disconnect()
    expect(told?.partitions[0]?.offset).toBe('9')
  })

  test('records of a transaction that is open are lag, so silence waits for its end', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    await using node = await openNode(brokers, {
      topics: [topic],
      group: `transactions-${randomToken()}`,
      events: { '*': onRecord(z.int(), () => null) },
    })
    const partition = () => node.consumer.status().partitions[0]
    await until('it reads', () => partition() !== undefined)
    await withProducer(brokers, async (producer) => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: '1' }, { value: '2' }] })
      await until('it knows of them', () => partition()?.lag === 2)
      expect(partition()?.position).toBe(0)
      await transaction.commit()
    })
    await until('it is behind them', () => partition()?.position === 3)
    expect(partition()?.lag).toBe(0)
  })

  test('silence closes the last window', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    await send(brokers, topic, [{ end: 'commit', values: [1, 2] }])
    const Sum = z.int()
    await using node = await openNode(brokers, {
      topics: [topic],
      group: `transactions-${randomToken()}`,
      state: Sum,
      window: {
        over: tumbling('1s'),
        outOfOrderness: '1s',
        idleTimeout: '1s',
        onClose: ({ key, state }) => ({ topic: 'sums', key, value: state }),
      },
      events: { '*': aggregate(z.int(), Sum, (sum = 0, { data }) => sum + data) },
    })
    const { client } = node.db.database
    const closed = client.query<{ sum: string }, []>(
      'SELECT CAST(value AS TEXT) AS sum FROM outbox',
    )
    await until('it is closed', () => closed.all().length > 0)
    expect(closed.all()).toEqual([{ sum: '3' }])
  })
})
