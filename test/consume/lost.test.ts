/** Records that the real Kafka deletes before they are read, as its retention does. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { onRecord, z } from '../../src/gateway.ts'
import { randomToken } from '../../src/ids.ts'
import { silentLog } from '../../src/log.ts'
import { openDbWorld } from '../db/world.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics, withAdmin } from '../support/topics.ts'
import { openNode, produce, until } from './node.ts'

setDefaultTimeout(60_000)

describeWithKafka('a consumer whose backlog Kafka deletes', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  test('has no lag that cannot be read, and says what it has lost', async () => {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    const group = `lost-${randomToken()}`
    const seen: number[] = []
    const lines: unknown[] = []
    const log = {
      ...silentLog,
      error: (event: string, fields?: Readonly<Record<string, unknown>>) =>
        void lines.push([event, fields]),
    }
    await using db = await openDbWorld()
    const open = () =>
      openNode(
        brokers,
        {
          topics: [topic],
          group,
          events: { '*': onRecord(z.int(), ({ data }) => void seen.push(data)) },
        },
        { db, log },
      )
    const send = (...values: number[]) =>
      produce(
        brokers,
        topic,
        values.map((value) => ({ key: 'a', value })),
      )
    const deleteBelow = (offset: number) =>
      withAdmin(brokers, async (admin) => {
        await admin.fetchTopicOffsets(topic) // or it does not know who leads
        const partitions = [{ partition: 0, offset: String(offset) }]
        await admin.deleteTopicRecords({ topic, partitions })
      })
    const lost = (from: number, to: number) => [
      'consumer.lost',
      { consumer: 'counting', topic, partition: 0, from, to },
    ]

    await send(0, 1)
    {
      await using node = await open()
      await until('both are processed', () => seen.length === 2)
      expect(node.consumer.status().tally.lost).toBe(0)
    }
    await send(2, 3, 4)
    await deleteBelow(5)
    {
      await using node = await open()
      const partition = () => node.consumer.status().partitions[0]
      await until('nothing is left to read', () => partition()?.highWatermark === 5)
      await until('it knows so', () => partition()?.position === 5)
      expect(partition()?.lag).toBe(0)
      expect(node.consumer.status().tally.lost).toBe(3)
    }
    expect(lines).toEqual([lost(2, 5)])
    const [told] = await withAdmin(brokers, (admin) =>
      admin.fetchOffsets({ groupId: group, topics: [topic] }),
    )
    expect(told?.partitions[0]?.offset).toBe('5')

    await send(5, 6, 7)
    await deleteBelow(6)
    await using node = await open()
    await until('what is left is processed', () => seen.length === 4)
    expect(seen).toEqual([0, 1, 6, 7])
    expect(node.consumer.status().tally.lost).toBe(1)
    expect(lines).toEqual([lost(2, 5), lost(5, 6)])
  })
})
