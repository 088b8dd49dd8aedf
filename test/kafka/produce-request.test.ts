import { expect, test } from 'bun:test'
import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { CompressionTypes, type IHeaders, type Message } from 'kafkajs'
import { encodeProduce, type ProduceRequest } from '../../src/kafka/produce-request.ts'

interface Frame {
  readonly buffer: Buffer
}

type CreateRequest = (of: {
  readonly correlationId: number
  readonly clientId: string
  readonly request: object
}) => Promise<Frame>

const require = createRequire(import.meta.url)
const createRequest = require('kafkajs/src/protocol/request.js') as CreateRequest
const produceOf = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (
  request: ProduceRequest,
) => object

const NOW = 1_790_000_000_000

/** The same request by kafkajs's own encoders, which write it where it has no `fields`. */
async function byKafkajs(request: ProduceRequest): Promise<Buffer> {
  const { correlationId, clientId } = request
  const own = { ...produceOf(request), fields: undefined }
  return (await createRequest({ correlationId, clientId, request: own })).buffer
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const data = fc.oneof(bytes, fc.string({ unit: 'binary', maxLength: 200 }))
const headers: fc.Arbitrary<IHeaders> = fc.dictionary(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.oneof(data, fc.array(data, { maxLength: 3 })),
  { maxKeys: 5 },
)
/** Whose length, and that of the record, takes more bytes. */
const large = fc.nat(20_000).map((length) => Buffer.alloc(length, 'x'))
const message: fc.Arbitrary<Message> = fc.record({
  key: fc.oneof(data, fc.constant(null)),
  value: fc.oneof(data, large, fc.constant(null)),
  headers,
  // kafkajs compares them as text: of the same length.
  timestamp: fc.integer({ min: NOW, max: NOW + 2 ** 40 }).map(String),
})
const request: fc.Arbitrary<ProduceRequest> = fc.record({
  apiKey: fc.constant(0),
  apiVersion: fc.constant(7),
  correlationId: fc.nat(),
  clientId: fc.string({ unit: 'binary', maxLength: 20 }),
  transactionalId: fc.option(fc.string({ maxLength: 9 })),
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  producerId: fc.oneof(fc.constant(-1), fc.bigInt(0n, 2n ** 63n - 1n).map(String)),
  producerEpoch: fc.nat(0x7fff),
  compression: fc.constantFrom(CompressionTypes.None, CompressionTypes.GZIP),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ maxLength: 20 }),
      partitions: fc.array(
        fc.record({
          partition: fc.nat(),
          firstSequence: fc.nat(),
          messages: fc.array(message, { minLength: 1, maxLength: 5 }),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 3 },
  ),
})

test('writes every request as kafkajs does, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(request, async (each) => {
      const [own, theirs] = [await encodeProduce(each, NOW), await byKafkajs(each)]
      expect(own.equals(theirs)).toBe(true)
    }),
  )
})

test('gives records without a time that of the request', async () => {
  const [sample] = fc.sample(request, { numRuns: 1, seed: 1 })
  const of = (messages: readonly Message[]) => ({
    ...(sample as ProduceRequest),
    topicData: [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages }] }],
  })
  const timed = of([
    { value: 'a', timestamp: String(NOW) },
    { value: 'b', timestamp: String(NOW) },
  ])
  const untimed = of([{ value: 'a' }, { value: 'b' }])
  expect(await encodeProduce(untimed, NOW)).toEqual(await byKafkajs(timed))
})
