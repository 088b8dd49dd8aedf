import { expect, test } from 'bun:test'
import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { CompressionTypes, type KafkaMessage, type Message } from 'kafkajs'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { assert } from '../../src/assert.ts'
import { crc32c } from '../../src/bytes/crc.ts'
import {
  CONSUMER_BATCH_BYTES_MAX,
  CONSUMER_RESPONSE_BYTES_MAX,
} from '../../src/limits/consumers.ts'
import { registerCodecs } from '../../src/kafka/codecs.ts'
import { encodeProduce, type ProducedMessage } from '../../src/kafka/produce-request.ts'
import { toFault } from '../../src/kafka/faults.ts'
import {
  readHeaderList,
  readRecordBatches,
  ReceivedMessage,
} from '../../src/kafka/record-batches.ts'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: object,
) => Promise<{ readonly records: readonly KafkaMessage[] }>

const filterAbortedMessages = require('kafkajs/src/consumer/filterAbortedMessages.js') as <
  Each,
>(fetched: {
  readonly messages: readonly Each[]
  readonly abortedTransactions: readonly { readonly producerId: string; firstOffset: string }[]
}) => readonly Each[]

const NOW = 1_790_000_000_000
/** Where fields of a batch begin. */
const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_AT = 23
const LAST_TIME_AT = 35
const COUNT_AT = 57
const HEADER_BYTES = 61

/** A record batch as a producer sends it, and as a broker keeps it, from this offset on. */
async function batchOf(
  messages: readonly Message[],
  { compression = CompressionTypes.None, offset = 0n, producerId = '-1' } = {},
): Promise<Buffer> {
  const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages }] }]
  const of = { apiKey: 0, apiVersion: 7, correlationId: 1, clientId: '', acks: -1, timeout: 1 }
  const fields = { transactionalId: null, producerId, producerEpoch: 0, compression, topicData }
  const request = await encodeProduce({ ...of, ...fields }, NOW)
  const batch = request.subarray(request.indexOf('t\0\0\0\x01\0\0\0\0', 0, 'latin1') + 13)
  batch.writeBigInt64BE(offset, 0)
  return batch
}

/** As a broker sums a batch up anew that it has changed. */
function summed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
  return batch
}

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly { readonly messages: readonly unknown[] }[]
  }[]
}

const { decode: decodeFetch } = require('kafkajs/src/protocol/requests/fetch/v11/response.js') as {
  readonly decode: (bytes: Buffer) => Promise<FetchResponse>
}

/** An answer to a fetch of version 11, with these batches of the partitions of one topic. */
function fetchOf(partitions: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(21)
  header.writeInt32BE(1, 10)
  header.write('\0\x01t', 14, 'latin1')
  header.writeInt32BE(partitions.length, 17)
  const parts = partitions.flatMap((batches, partition) => {
    const start = Buffer.alloc(42)
    start.writeInt32BE(partition)
    start.writeInt32BE(batches.length, 38)
    return [start, batches]
  })
  return Buffer.concat([header, ...parts])
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const text = fc.string({ unit: 'binary', maxLength: 200 })
const message: fc.Arbitrary<Message> = fc.record({
  key: fc.oneof(bytes, fc.constant(null)),
  value: fc.oneof(bytes, fc.constant(null)),
  headers: fc.dictionary(
    // kafkajs takes what every object has for the first value of a header.
    fc.string({ unit: 'binary', maxLength: 20 }).filter((name) => !(name in {})),
    fc.oneof(bytes, text, fc.array(fc.oneof(bytes, text), { minLength: 1, maxLength: 3 })),
    { maxKeys: 5 },
  ),
  timestamp: fc.integer({ min: NOW, max: NOW + 2 ** 40 }).map(String),
})

function shown(message: KafkaMessage) {
  const { offset, timestamp, key, value, headers } = message
  const { isControlRecord, batchContext } = message as unknown as {
    isControlRecord: boolean
    batchContext: { producerId: string; inTransaction: boolean }
  }
  const texts = Object.entries(headers ?? {}).map(([name, of]) => {
    const first = Array.isArray(of) ? of[0] : of
    return [name, String(first)]
  })
  const { producerId, inTransaction } = batchContext
  const context = { isControlRecord, producerId, inTransaction }
  const ownKey = message instanceof ReceivedMessage ? message.bytesOf('key') : key
  return {
    offset,
    timestamp,
    key: ownKey && Buffer.from(ownKey),
    value,
    headers: Object.fromEntries(texts),
    ...context,
  }
}

test('reads every record as kafkajs does', async () => {
  const batch = fc.record({
    messages: fc.array(message, { minLength: 1, maxLength: 5 }),
    compression: fc.constantFrom(CompressionTypes.None, CompressionTypes.GZIP),
    offset: fc.nat(2 ** 50).map(BigInt),
    producerId: fc.bigInt(-1n, 2n ** 63n - 1n).map(String),
    attributes: fc.constantFrom(0, 8, 16, 32),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 3 }), async (batches) => {
      const encoded = await Promise.all(
        batches.map(async ({ messages, attributes, ...options }) => {
          const each = await batchOf(messages, options)
          each.writeInt16BE(each.readInt16BE(ATTRIBUTES_AT) | attributes, ATTRIBUTES_AT)
          each.writeBigInt64BE(BigInt(NOW), LAST_TIME_AT)
          return summed(each)
        }),
      )
      const theirs: KafkaMessage[] = []
      for (const each of encoded) {
        theirs.push(...(await decodeBatch(new Decoder(each))).records)
      }
      const own = await readRecordBatches(Buffer.concat(encoded))
      expect(own.map((each) => shown(each))).toEqual(theirs.map(shown))
    }),
  )
})

test('leaves a batch that is cut for the next fetch', async () => {
  const [first, second] = [await batchOf([{ value: 'a' }]), await batchOf([{ value: 'b' }])]
  const whole = Buffer.concat([first, second])
  for (const length of [0, 60, first.length - 1, first.length, whole.length - 1]) {
    const read = await readRecordBatches(whole.subarray(0, length))
    expect(read).toHaveLength(length < first.length ? 0 : 1)
  }
  expect((await readRecordBatches(whole)).map(({ value }) => String(value))).toEqual(['a', 'b'])
})

test('goes on behind a batch whose last records are compacted away, or all of them', async () => {
  const Batch = require('kafkajs/src/consumer/batch.js') as new (
    topic: string,
    fetchedOffset: string,
    partition: object,
  ) => { readonly messages: readonly unknown[]; lastOffset(): string }
  const cut = await batchOf([{ value: 'a' }, { value: 'b' }], { offset: 7n })
  const empty = Buffer.from(cut.subarray(0, HEADER_BYTES))
  empty.writeInt32BE(HEADER_BYTES - LENGTH_AT - 4, LENGTH_AT)
  empty.writeInt32BE(0, COUNT_AT)
  for (const [batch, left] of [
    [cut, 2],
    [empty, 0],
  ] as const) {
    batch.writeInt32BE(4, LAST_OFFSET_AT)
    const messages = await readRecordBatches(summed(batch))
    const of = { partition: 0, highWatermark: '20', abortedTransactions: [], messages }
    const read = new Batch('t', '7', of)
    expect(read.messages).toHaveLength(left)
    expect(read.lastOffset()).toBe('11')
  }
})

test('leaves out a header without a value, and takes one of any name', async () => {
  const headers = { a: '1', none: undefined, constructor: '2' }
  const [read] = await readRecordBatches(await batchOf([{ value: 'v', headers }]))
  expect(Object.entries(read?.headers ?? {})).toEqual([
    ['a', '1'],
    ['constructor', '2'],
  ])
})

test('takes no name of a header for that of the record before', async () => {
  const all = [
    { ab: '1', cd: '2' },
    { ab: '1', ef: '2' },
    { é: 'ü' },
    { ef: '3' },
    { abc: '4' },
    {},
  ]
  const batch = await batchOf(all.map((headers) => ({ value: 'v', headers })))
  expect((await readRecordBatches(batch)).map(({ headers }) => headers)).toEqual(all)
})

test('reads every header as it is', async () => {
  const list = fc.array(fc.tuple(text, fc.option(bytes)), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(list, bytes, async (headerList, key) => {
      const message: ProducedMessage = { key, value: key, headerList }
      const [read] = await readRecordBatches(await batchOf([message, message]))
      assert(read instanceof ReceivedMessage, 'it is a record')
      const headers = readHeaderList(read.headerBytes)
      expect(headers.map(([name, of]) => [name, of && Buffer.from(of)] as const)).toEqual(
        headerList,
      )
    }),
  )
})

test('refuses a batch that is not as it was written', async () => {
  const whole = await batchOf([{ key: 'key', value: 'value' }], { offset: 7n })
  const changed = (change: (batch: Buffer) => unknown) => {
    const batch = Buffer.from(whole)
    change(batch)
    return batch
  }
  const cases: readonly (readonly [string, Buffer])[] = [
    ['its checksum is wrong', changed((batch) => batch.write('w', batch.indexOf('value')))],
    ['it is of version 1, not 2', changed((batch) => batch.writeInt8(1, MAGIC_AT))],
    [
      'it has fewer records than it says',
      changed((batch) => summed(batch).writeInt32BE(2 ** 31 - 1, COUNT_AT)),
    ],
    ['it has fewer records than it says', changed((batch) => (batch[HEADER_BYTES] = 0x7e))],
    [
      'a record is longer than it says',
      changed((batch) => (batch[batch.indexOf('value') - 1] = 0x7e)),
    ],
  ]
  for (const [reason, bad] of cases) {
    const batch = reason.includes('checksum') ? bad : summed(bad)
    const read = readRecordBatches(Buffer.concat([whole, batch]))
    expect(await read.catch(String)).toBe(
      `GatewayError: BATCH_UNREADABLE: the batch at offset 7: ${reason}`,
    )
  }
  const short = changed((batch) => batch.writeInt32BE(-12, LENGTH_AT))
  expect(await readRecordBatches(short).catch(String)).toContain('it is shorter than a batch')
})

test('of an aborted transaction nothing is handed over, whatever its keys are', async () => {
  const [inTransaction, control] = [16, 48]
  async function part(attributes: number, offset: bigint, keys: readonly (string | Buffer)[]) {
    const messages = keys.map((key) => ({ key, value: 'v' }))
    const batch = await batchOf(messages, { offset, producerId: '7' })
    batch.writeInt16BE(attributes, ATTRIBUTES_AT)
    return summed(batch)
  }
  const zeros = Buffer.alloc(4)
  const fetched = [
    await part(inTransaction, 0n, ['x', zeros, 'y']),
    await part(control, 3n, [zeros]),
    await part(inTransaction, 4n, [zeros, 'z']),
  ]
  const messages = await readRecordBatches(Buffer.concat(fetched))
  const abortedTransactions = [{ producerId: '7', firstOffset: '0' }]
  const left = filterAbortedMessages({ messages, abortedTransactions })
  expect(left.filter((each) => !each.isControlRecord).map(({ offset }) => offset)).toEqual([
    '4',
    '5',
  ])
})

/** Those that are read alone, as others' libraries pack them. */
const READ_ALONE = [
  [CompressionTypes.Snappy, compressSync],
  [CompressionTypes.LZ4, compressFrameSync],
] as const

/** The batch with its records packed. */
function packed(batch: Buffer, [codec, pack]: (typeof READ_ALONE)[number]): Buffer {
  const header = batch.subarray(0, HEADER_BYTES)
  const whole = Buffer.concat([header, pack(batch.subarray(HEADER_BYTES))])
  whole.writeInt32BE(whole.length - LENGTH_AT - 4, LENGTH_AT)
  whole.writeInt16BE(codec, ATTRIBUTES_AT)
  return summed(whole)
}

test('reads what is packed as it is never sent', async () => {
  registerCodecs()
  for (const each of READ_ALONE) {
    const batch = packed(await batchOf([{ key: 'key', value: 'v'.repeat(99) }]), each)
    const [read] = await readRecordBatches(batch)
    assert(read instanceof ReceivedMessage, 'it is a record')
    expect([String(read.key), String(read.value)]).toEqual(['key', 'v'.repeat(99)])
  }
})

test('refuses a batch that is too large when it is decompressed', async () => {
  registerCodecs()
  const value = Buffer.alloc(CONSUMER_BATCH_BYTES_MAX)
  const plain = await batchOf([{ value }], { offset: 7n })
  const batches = [
    await batchOf([{ value }], { compression: CompressionTypes.GZIP, offset: 7n }),
    await batchOf([{ value }], { compression: CompressionTypes.ZSTD, offset: 7n }),
    ...READ_ALONE.map((each) => packed(plain, each)),
  ]
  for (const batch of batches) {
    expect(batch.length).toBeLessThan(5_000_000)
    expect(await readRecordBatches(batch).catch(String)).toContain(
      'BATCH_UNREADABLE: the batch at offset 7: it cannot be decompressed',
    )
  }
})

test('leaves for the next fetch what would be too much of one when it is decompressed', async () => {
  registerCodecs()
  const value = Buffer.alloc(CONSUMER_RESPONSE_BYTES_MAX / 2)
  const large = await batchOf([{ value }], { compression: CompressionTypes.ZSTD, offset: 7n })
  const plain = await batchOf([{ value: 'v' }], { offset: 7n })
  const partitions = [Buffer.concat([plain, large]), Buffer.concat([large, large]), large, plain]
  const [topic] = (await decodeFetch(fetchOf(partitions))).responses
  const counts = topic?.partitions.map(({ messages }) => messages.length)
  expect(counts).toEqual([2, 1, 0, 1])
  const [next] = (await decodeFetch(fetchOf([large]))).responses
  expect(next?.partitions[0]?.messages).toHaveLength(1)
})

test('names a codec that Kafka does not have, also behind what kafkajs makes of it', async () => {
  const batch = await batchOf([{ value: 'v' }], { offset: 7n })
  batch.writeInt16BE(5, ATTRIBUTES_AT)
  const error: unknown = await readRecordBatches(summed(batch)).catch((thrown: unknown) => thrown)
  const wrapped = new Error('cannot fetch', { cause: error })
  expect(String(toFault(wrapped))).toBe(
    'GatewayError: BATCH_UNREADABLE: the batch at offset 7: it is compressed with codec 5',
  )
})
