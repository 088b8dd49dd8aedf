import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { Kafka, logLevel, type IHeaders } from 'kafkajs'
import { openKeptEvents } from '../../db/kept-events.ts'
import { openOutbox } from '../../db/outbox.ts'
import { systemClock } from '../../src/clock.ts'
import { keptRecord } from '../../src/consume/processed.ts'
import type { FetchedRecord } from '../../src/consumer.ts'
import { FinalError, onRecord, z } from '../../src/gateway.ts'
import { registerCodecs } from '../../src/kafka/codecs.ts'
import { openKafkaFeed } from '../../src/kafka/consumer.ts'
import { openKafkaPublisher } from '../../src/kafka/producer.ts'
import { silentLog } from '../../src/log.ts'
import { toPublishRecord } from '../../src/outbox.ts'
import { fromTheBeginning } from '../support/feed-listener.ts'
import { describeWithKafka } from '../support/servers.ts'
import { createTopic, deleteTopics } from '../support/topics.ts'
import { openNode, until, type ConsumerNode } from './node.ts'

setDefaultTimeout(60_000)

const CLIENT = { clientId: 'exact-test', clock: systemClock, log: silentLog } as const
const bytes = (...values: readonly number[]) => new Uint8Array(values)
const utf8 = (text: string) => new TextEncoder().encode(text)

/** Of each a key, a value and headers, as Kafka may hold them. */
const RECORDS = [
  { key: bytes(0, 0, 0, 0, 0, 0, 1, 0xff), value: utf8('1'), headers: { a: '1' } },
  { key: utf8('gone'), value: null, headers: {} },
  { key: bytes(0xef, 0xbb, 0xbf, 0x61), value: bytes(), headers: { a: ['1', bytes(0xff, 0)] } },
  { key: bytes(), value: utf8('é'), headers: { a: undefined, é: 'é' } },
  { key: utf8('b'), value: bytes(0xff), headers: { ce_specversion: '0.3', b: bytes(0xc3) } },
  { key: null, value: utf8('6'), headers: { a: '1' } },
] as const

/** What an outbox entry gets beside the headers of its record. */
const ADDED = /^(inlet-.*|ce_(id|source|type|time)|ce_specversion: 1\.0)(: |$)/

/** What of a record Kafka holds, but for what a relay has added. */
function held({ key, value, headers, headerList }: FetchedRecord, added = /^(?!)/) {
  const list = headerList ?? Object.entries(headers).map(([name, of]) => [name, utf8(of)] as const)
  const isOwn = ([name, of]: (typeof list)[number]) =>
    !added.test(`${name}: ${of && Buffer.from(of).toString()}`)
  return {
    key: hex(key),
    value: hex(value),
    headers: list.filter(isOwn).map(([name, of]) => [name, hex(of)]),
  }
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes && bytes.toHex()
}

/** The key of what has none, in hexadecimal. */
function idOf(topic: string, offset: number): string {
  return utf8(`${topic}/0/${offset}`).toHex()
}

describeWithKafka('a record that is no text', (brokers) => {
  const topics: string[] = []
  afterAll(() => deleteTopics(brokers, topics))

  async function makeTopic() {
    const topic = await createTopic({ brokers, partitions: 1 })
    topics.push(topic)
    return topic
  }

  async function fill(topic: string) {
    // kafkajs itself cannot send a header without a value.
    registerCodecs()
    const client = new Kafka({ ...CLIENT, brokers: brokers.split(','), logLevel: logLevel.NOTHING })
    const producer = client.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    const messages = RECORDS.map(({ key, value, headers }) => ({
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers: headers as unknown as IHeaders,
    }))
    await producer.send({ topic, messages })
    await producer.disconnect()
  }

  async function read(topic: string): Promise<readonly FetchedRecord[]> {
    const records: FetchedRecord[] = []
    const stopping = new AbortController()
    const feed = openKafkaFeed({
      ...CLIENT,
      brokers: brokers.split(','),
      security: {},
      group: `read-${topic}`,
      topics: [topic],
    })
    const listener = fromTheBeginning((batch) => {
      for (const record of batch.records) record.keep?.()
      records.push(...batch.records)
      return Promise.resolve()
    })
    const running = feed.run(listener, stopping.signal)
    await until('all are read', () => records.length >= RECORDS.length)
    stopping.abort()
    await running
    return records
  }

  /** As the relay does. */
  async function publishAll({ db }: ConsumerNode) {
    const range = { after: 0, upTo: 100, entriesMax: 100, bytesMax: 1_000_000 }
    const entries = openOutbox(db.database).pending(range)
    const options = { ...CLIENT, brokers: brokers.split(','), compression: 'none' } as const
    const publisher = openKafkaPublisher(options)
    await publisher.publish(entries.map(toPublishRecord))
    await publisher.close()
  }

  test('is in a dead letter, and in what is stored of it, as it was', async () => {
    const [topic, deadLetterTopic] = [await makeTopic(), await makeTopic()]
    await fill(topic)
    const refuse = onRecord(z.unknown(), () => {
      throw new FinalError('no')
    })
    const definition = { topics: [topic], group: topic, deadLetterTopic, events: { '*': refuse } }
    await using node = await openNode(brokers, definition)
    const stored = openKeptEvents(node.db.database)
    await until('all are stored', () => stored.bySeq(RECORDS.length) !== undefined)
    await publishAll(node)

    const given = (await read(topic)).map((record) => held(record))
    expect(given.map(({ key }) => key)).toEqual(RECORDS.map(({ key }) => hex(key)))
    const kept = RECORDS.map((_, index) => stored.bySeq(index + 1)).map(
      (event) => event && keptRecord(event),
    )
    expect(kept.map((record) => record && held(record))).toEqual(given)
    const dead = (await read(deadLetterTopic)).map((record) => held(record, ADDED))
    expect(dead).toEqual(given.map((of, offset) => ({ ...of, key: of.key ?? idOf(topic, offset) })))
  })

  test('keeps its key, its bytes or that it has none where it is published again', async () => {
    const [topic, copies] = [await makeTopic(), await makeTopic()]
    await fill(topic)
    const definition = { topics: [topic], group: topic, events: { '*': { topic: copies } } }
    await using node = await openNode(brokers, definition)
    const stored = openKeptEvents(node.db.database)
    await until('all are stored', () => stored.bySeq(RECORDS.length) !== undefined)
    await publishAll(node)
    expect((await read(copies)).map(({ key, value }) => [hex(key), hex(value)])).toEqual(
      RECORDS.map(({ key, value }, offset) => [hex(key) ?? idOf(topic, offset), hex(value)]),
    )
  })
})
