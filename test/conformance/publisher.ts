/** What a publisher promises to whoever hands on what is stored: the same of each, on Kafka. */
import { afterAll, expect } from 'bun:test'
import { randomToken } from '../../src/ids.ts'
import type { Landed, PublishRecord } from '../../src/record.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import type { Runtime } from './results.ts'
import { describeConformance } from './suite.ts'

/** A publisher under the suite. */
export interface PublisherTarget extends AsyncDisposable {
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
}

export interface PublisherSuite {
  readonly runtime: Runtime
  /** Which publisher it is. */
  readonly adapter: string
  readonly brokers: string
  readonly open: () => Promise<PublisherTarget>
  /** One to which nobody answers. */
  readonly openNowhere: () => Promise<PublisherTarget>
}

/** More than the largest record of the topics that are made with it. */
const RECORD_BYTES_MAX = 100_000

export function describePublisher(suite: PublisherSuite): void {
  const { runtime, adapter, brokers, open, openNowhere } = suite
  describeConformance({ suite: 'publisher', runtime, adapter }, (declareCase) => {
    const topics: string[] = []
    async function makeTopic(): Promise<string> {
      const config = { 'max.message.bytes': String(RECORD_BYTES_MAX) }
      const topic = await createTopic({ brokers, config })
      topics.push(topic)
      return topic
    }
    afterAll(() => deleteTopics(brokers, topics))

    declareCase('records land with their bytes, key and headers, where it says', async () => {
      const topic = await makeTopic()
      await using publisher = await open()
      const values = [new Uint8Array([0xff, 0, 0x7b]), new Uint8Array(), utf8('{"a": 1.0}')]
      const records = values.map((value, at) => recordOf(topic, `clé ${at}`, value))
      const landed = await publisher.publish(records)

      const stored = await readTopic(brokers, topic)
      for (const [at, { key, value, headers }] of records.entries()) {
        const place = landed.find(({ positions }) => positions.includes(at))
        const offset = BigInt(place?.baseOffset ?? -1) + BigInt(place?.positions.indexOf(at) ?? 0)
        const found = stored.find(
          (each) => each.partition === place?.partition && each.offset === String(offset),
        )
        expect(found).toMatchObject({ key, headers, value: Buffer.from(value) })
      }
      expect(stored).toHaveLength(records.length)
    })

    declareCase('records of a key land in their order, within a send and after it', async () => {
      const topic = await makeTopic()
      await using publisher = await open()
      const of = (at: number) => recordOf(topic, `key-${at % 3}`, utf8(String(at)))
      const records = Array.from({ length: 30 }, (_, at) => of(at))
      await publisher.publish(records.slice(0, 20))
      await publisher.publish(records.slice(20))

      const stored = await readTopic(brokers, topic)
      for (const key of ['key-0', 'key-1', 'key-2']) {
        const own = stored.filter((each) => each.key === key).map(({ value }) => Number(value))
        expect(own).toEqual(own.toSorted((a, b) => a - b))
        expect(own).toHaveLength(10)
      }
    })

    declareCase('a record that is too large is refused, and the next one is not', async () => {
      const topic = await makeTopic()
      await using publisher = await open()
      const large = recordOf(topic, 'large', new Uint8Array(2 * RECORD_BYTES_MAX).fill(97))

      await expect(publisher.publish([large])).rejects.toMatchObject({ code: 'RECORD_REJECTED' })
      await publisher.publish([recordOf(topic, 'small', utf8('{}'))])
      expect((await readTopic(brokers, topic)).map(({ key }) => key)).toEqual(['small'])
    })

    declareCase('a topic that is not there is refused, and the next one is not', async () => {
      const topic = await makeTopic()
      await using publisher = await open()
      const missing = recordOf(`missing-${randomToken()}`, 'a', utf8('{}'))

      await expect(publisher.publish([missing])).rejects.toMatchObject({ code: 'TOPIC_REJECTED' })
      await publisher.publish([recordOf(topic, 'b', utf8('{}'))])
      expect((await readTopic(brokers, topic)).map(({ key }) => key)).toEqual(['b'])
    })

    declareCase('an empty list finds out whether Kafka answers', async () => {
      await using publisher = await open()
      await using nowhere = await openNowhere()

      expect(await publisher.publish([])).toEqual([])
      await expect(nowhere.publish([])).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    })

    declareCase('where nobody answers, nothing is given up', async () => {
      await using nowhere = await openNowhere()
      const record = recordOf('any', 'a', utf8('{}'))
      await expect(nowhere.publish([record])).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
    })
  })
}

function recordOf(topic: string, key: string, value: Uint8Array): PublishRecord {
  return { topic, key, value, headers: { ce_id: `id of ${key} ✓`, 'inlet-seq': '7' } }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
