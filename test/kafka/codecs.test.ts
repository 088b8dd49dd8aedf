import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { onRecord, z } from '../../src/gateway.ts'
import { openNode, produce, until } from '../consume/node.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'

setDefaultTimeout(60_000)

describeWithKafka('a consumer', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  // The broker compresses anew what came otherwise, by the classes that Java's producers have.
  test.each(['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed'])('reads %s', async (codec) => {
    const config = { 'compression.type': codec }
    const topic = await createTopic({ brokers, partitions: 1, config })
    topics.push(topic)
    const values = Array.from({ length: 1_000 }, (_, n) => ({ n, text: `${n} `.repeat(n % 200) }))
    await produce(
      brokers,
      topic,
      values.map((value) => ({ key: 'k', value })),
    )
    const seen: unknown[] = []
    const schema = z.object({ n: z.number(), text: z.string() })
    const events = { '*': onRecord(schema, ({ data }) => void seen.push(data)) }
    await using _ = await openNode(brokers, { topics: [topic], group: topic, events })
    await until('all are read', () => seen.length >= values.length)
    expect(seen).toEqual(values)
  })
})
