import { expect, test } from 'bun:test'
import { Kafka, logLevel } from 'kafkajs'
import { describeWithKafka } from './servers.ts'
import { createTopic, deleteTopics, readTopic } from './topics.ts'

describeWithKafka('a topic', (brokers) => {
  test('is read back byte for byte, with keys and headers, to the end it has', async () => {
    const topic = await createTopic({ brokers, partitions: 3 })
    expect(await readTopic(brokers, topic)).toEqual([])

    const value = Buffer.from([0xff, 0x00, 0x7b])
    const producer = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer({
      allowAutoTopicCreation: false,
    })
    await producer.connect()
    await producer.send({
      topic,
      messages: [
        { partition: 2, key: 'b', value, headers: { ce_id: '1' } },
        { partition: 0, key: 'a', value },
        { partition: 2, key: 'b', value: 'second' },
      ],
    })
    await producer.disconnect()

    expect(await readTopic(brokers, topic)).toEqual([
      { topic, partition: 0, offset: '0', key: 'a', value, headers: {} },
      { topic, partition: 2, offset: '0', key: 'b', value, headers: { ce_id: '1' } },
      { topic, partition: 2, offset: '1', key: 'b', value: Buffer.from('second'), headers: {} },
    ])
    await deleteTopics(brokers, [topic])
  })
})
