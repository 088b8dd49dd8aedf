import { afterAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createZstdCompress } from 'node:zlib'
import { CompressionCodecs, CompressionTypes } from 'kafkajs'
import { systemClock } from '../../src/clock.ts'
import { randomToken } from '../../src/ids.ts'
import { registerCodecs } from '../../src/kafka/codecs.ts'
import { openKafkaPublisher, type KafkaPublisherOptions } from '../../src/kafka/producer.ts'
import { silentLog, type Log } from '../../src/log.ts'
import type { PublishRecord } from '../../src/record.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, createTopicNamed, deleteTopics, readTopic } from '../support/topics.ts'

type Publisher = ReturnType<typeof openKafkaPublisher>

function openPublisher(
  brokers: string,
  options: Partial<KafkaPublisherOptions> = {},
): Publisher & AsyncDisposable {
  const publisher = openKafkaPublisher({
    brokers: brokers.split(','),
    clientId: 'inlet-test',
    compression: 'none',
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  return { ...publisher, [Symbol.asyncDispose]: () => publisher.close() }
}

function record(topic: string, key: string, value: Uint8Array = Buffer.from('{}')): PublishRecord {
  return { topic, key, value, headers: { ce_id: key } }
}

describeWithKafka('the Kafka publisher', (brokers) => {
  const topics: string[] = []
  async function makeTopic(options: Omit<Parameters<typeof createTopic>[0], 'brokers'> = {}) {
    const topic = await createTopic({ brokers, ...options })
    topics.push(topic)
    return topic
  }
  afterAll(() => deleteTopics(brokers, topics))

  test('stores bytes, key and headers unchanged, on the partitions that Java chooses', async () => {
    const topic = await makeTopic({ partitions: 6 })
    const other = await makeTopic({ partitions: 1 })
    await using publisher = openPublisher(brokers)
    // The hashes are those of Kafka's own tests: see murmur2.test.ts.
    const hashes = { '21': -973932308, foobar: -790332482, abc: 479470107 }
    const values = [Buffer.from([0xff, 0x00, 0x7b]), Buffer.alloc(0), Buffer.from('{"a": 1.0}')]
    const records = Object.keys(hashes).map((key, i) => record(topic, key, values[i]))
    const unusual = { ...record(other, 'clé ✓'), headers: { ce_id: '✓', 'inlet-seq': '7' } }
    const landed = await publisher.publish([...records, unusual, record(other, '')])

    const stored = await readTopic(brokers, topic)
    for (const [i, [key, hash]] of Object.entries(hashes).entries()) {
      const partition = (hash & 0x7fffffff) % 6
      const value = values[i] ?? Buffer.alloc(0)
      const expected = { topic, partition, key, value, headers: { ce_id: key } }
      expect(stored.find((candidate) => candidate.key === key)).toMatchObject(expected)
      expect(landed.find(({ positions }) => positions.includes(i))?.partition).toBe(partition)
    }
    expect(landed.at(-1)).toEqual({
      topic: other,
      partition: 0,
      partitions: 1,
      baseOffset: '0',
      positions: [3, 4],
    })
    expect(await readTopic(brokers, other)).toMatchObject([
      { key: 'clé ✓', headers: unusual.headers },
      { key: '', headers: { ce_id: '' } },
    ])
  })

  test.each(['gzip', 'zstd'] as const)(
    'compresses with %s, and it can be read',
    async (compression) => {
      const topic = await makeTopic({ partitions: 1 })
      const value = Buffer.alloc(2048, '{"text":"webhook"}')
      // 2 MB in one batch: Kafka takes it only compressed.
      const records = Array.from({ length: 1000 }, (_, i) => record(topic, String(i), value))
      await using plain = openPublisher(brokers)
      await expect(plain.publish(records)).rejects.toThrow('RECORD_REJECTED')
      await using publisher = openPublisher(brokers, { compression })
      await publisher.publish(records)

      const stored = await readTopic(brokers, topic)
      expect(stored.map(({ key }) => key)).toEqual(records.map(({ key }) => key))
      expect(stored.every((one) => one.value.equals(value))).toBe(true)
    },
  )

  test('refuses a topic that does not exist, creates none, and takes it once it does', async () => {
    const name = `late-${randomToken()}`
    await using publisher = openPublisher(brokers)
    await expect(publisher.publish([record(name, 'a')])).rejects.toThrow('TOPIC_REJECTED')
    await expect(publisher.publish([record(name, 'a')])).rejects.toThrow('TOPIC_REJECTED')
    await createTopicNamed(name, { brokers })
    topics.push(name)
    await publisher.publish([record(name, 'a')])
    expect(await readTopic(brokers, name)).toHaveLength(1)
  })

  test('refuses a topic whose name is none', async () => {
    await using publisher = openPublisher(brokers)
    await expect(publisher.publish([record('not a topic', 'a')])).rejects.toThrow('TOPIC_REJECTED')
  })

  test('refuses a record that is too large for its topic, and goes on with the next send', async () => {
    const topic = await makeTopic({ config: { 'max.message.bytes': '10000' } })
    await using publisher = openPublisher(brokers)
    const large = record(topic, 'a', Buffer.alloc(10_001))
    await expect(publisher.publish([large])).rejects.toThrow('RECORD_REJECTED')
    await publisher.publish([record(topic, 'a')])
    expect(await readTopic(brokers, topic)).toHaveLength(1)
  })

  test('keeps one send in flight: a second one at the same time is a bug', async () => {
    const topic = await makeTopic()
    await using publisher = openPublisher(brokers)
    const first = publisher.publish([record(topic, 'a')])
    await expect(publisher.publish([record(topic, 'b')])).rejects.toThrow('one send is in flight')
    await first
  })

  test('logs no keys, values or headers, at any level', async () => {
    const lines: string[] = []
    const write = (event: string, fields?: object) => lines.push(JSON.stringify({ event, fields }))
    const log: Log = { debug: write, info: write, warn: write, error: write }
    const topic = await makeTopic({ config: { 'max.message.bytes': '1000' } })
    await using publisher = openPublisher(brokers, { log })
    const secret = record(topic, 'secret-key', Buffer.alloc(2000, 'secret-value'))
    await expect(publisher.publish([secret])).rejects.toThrow('RECORD_REJECTED')
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.filter((line) => line.includes('secret'))).toEqual([])
  })
})

describe('without a Kafka that answers', () => {
  test('a send fails at once where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    await using publisher = openPublisher(`127.0.0.1:${port}`)
    await expect(publisher.publish([record('a', 'k')])).rejects.toThrow(
      /BROKER_UNAVAILABLE.*ECONNREFUSED/,
    )
  })

  test('a send fails at its deadline where nobody answers, and leaves no connection', async () => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.resume()
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        if (sockets.size === 0) server.emit('lonely')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await using publisher = openPublisher(`127.0.0.1:${port}`, { deadlineMs: 200 })
    await expect(publisher.publish([record('a', 'k')])).rejects.toThrow('BROKER_UNAVAILABLE')
    if (sockets.size > 0) await once(server, 'lonely')
    server.close()
  })
})

test('zstd as the Java client writes it, without a size in its frame, can be read', async () => {
  registerCodecs()
  const compressor = createZstdCompress()
  compressor.write('first half, ')
  compressor.end('second half')
  const frame = Buffer.concat(await compressor.toArray())
  const codec = CompressionCodecs[CompressionTypes.ZSTD]() as {
    decompress(frame: Buffer): Promise<Buffer>
  }
  expect((await codec.decompress(frame)).toString()).toBe('first half, second half')
})
