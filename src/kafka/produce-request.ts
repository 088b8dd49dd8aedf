/**
 * Kafka's Produce request, written into one buffer. kafkajs makes an encoder, 512 bytes zeroed, for
 * each record and each of its headers, copies each payload nine times, and sums it up byte by byte.
 */
import { CompressionCodecs, CompressionTypes, type IHeaders, type Message } from 'kafkajs'
import type { EpochMs } from '../clock.ts'
import { crc32c } from '../bytes/crc.ts'
import type { HeaderList } from '../exact-record.ts'
import {
  openRequestBytes,
  writeBytes,
  writeInt16,
  writeInt32,
  writeInt64,
  writeInt8,
  writeMeasured,
  writeString,
  writeVarint,
  writeVarintBytes,
  writeVarlong,
  type RequestBytes,
} from './request-bytes.ts'

/** What kafkajs knows of a request of version 3 to 7: their fields are the same. */
export interface ProduceRequest {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string
  readonly transactionalId: string | null | undefined
  readonly acks: number
  readonly timeout: number
  /** 64 bits; -1 where the producer is not idempotent. */
  readonly producerId: string | number
  readonly producerEpoch: number
  readonly compression: CompressionTypes
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly PartitionData[]
  }[]
}

interface PartitionData {
  readonly partition: number
  readonly firstSequence: number
  readonly messages: readonly ProducedMessage[]
}

/** kafkajs passes messages on as they are. */
export interface ProducedMessage extends Message {
  /** Instead of `headers`, where these cannot say it. */
  readonly headerList?: HeaderList | undefined
}

/** Keys, headers and lengths of a record, rounded up: too little costs a copy. */
const RECORD_OVERHEAD_BYTES = 512
const REQUEST_OVERHEAD_BYTES = 1024

const LENGTH_BYTES = 4
/** In a record batch: where its length ends, and its CRC, which sums up all that follows it. */
const BATCH_LENGTH_END = 12
const BATCH_CRC_END = 21
const BATCH_MAGIC = 2
const TRANSACTIONAL = 1 << 4

/** Writes a request. Records without a time of their own have that of `now`. */
export async function encodeProduce(request: ProduceRequest, now: EpochMs): Promise<Buffer> {
  const to = openRequestBytes(expectedBytes(request))
  writeInt32(to, 0)
  writeInt16(to, request.apiKey)
  writeInt16(to, request.apiVersion)
  writeInt32(to, request.correlationId)
  writeString(to, request.clientId)
  writeString(to, request.transactionalId ?? null)
  writeInt16(to, request.acks)
  writeInt32(to, request.timeout)
  writeInt32(to, request.topicData.length)
  for (const { topic, partitions } of request.topicData) {
    writeString(to, topic)
    writeInt32(to, partitions.length)
    for (const data of partitions) {
      writeInt32(to, data.partition)
      writeInt32(to, 0)
      const batchAt = to.at
      await writeBatch(to, data, { ...request, now })
      writeLength(to, batchAt)
    }
  }
  writeLength(to, LENGTH_BYTES)
  return to.buffer.subarray(0, to.at)
}

/** Into the four bytes before `start`: how much has been written since. */
function writeLength({ buffer, at }: RequestBytes, start: number): void {
  buffer.writeInt32BE(at - start, start - LENGTH_BYTES)
}

function expectedBytes({ topicData }: ProduceRequest): number {
  const messages = topicData.flatMap(({ partitions }) => partitions.flatMap((of) => of.messages))
  return messages.reduce(
    (bytes, { value }) => bytes + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES,
    REQUEST_OVERHEAD_BYTES,
  )
}

type BatchOptions = ProduceRequest & { readonly now: EpochMs }

/** A record batch of version 2, which is one of all that go to a partition. */
async function writeBatch(
  to: RequestBytes,
  { messages, firstSequence }: PartitionData,
  { compression, transactionalId, producerId, producerEpoch, now }: BatchOptions,
): Promise<void> {
  const times = messages.map(({ timestamp }) => (timestamp === undefined ? now : Number(timestamp)))
  const firstTime = times.reduce((a, b) => Math.min(a, b), Infinity)
  const batchAt = to.at
  writeInt64(to, 0n) // the offset of its first record: the broker's to say, as the leader's epoch
  writeInt32(to, 0)
  writeInt32(to, 0)
  writeInt8(to, BATCH_MAGIC)
  writeInt32(to, 0)
  writeInt16(to, compression | (transactionalId ? TRANSACTIONAL : 0))
  writeInt32(to, messages.length - 1)
  writeInt64(to, BigInt(firstTime))
  writeInt64(to, BigInt(times.reduce((a, b) => Math.max(a, b), firstTime)))
  writeInt64(to, BigInt(producerId))
  writeInt16(to, producerEpoch)
  writeInt32(to, firstSequence)
  writeInt32(to, messages.length)
  const recordsAt = to.at
  for (const [index, message] of messages.entries()) {
    writeRecord(to, message, { index, timeDelta: (times[index] ?? firstTime) - firstTime })
  }
  if (compression !== CompressionTypes.None) {
    const compressed = await compress(compression, to.buffer.subarray(recordsAt, to.at))
    to.at = recordsAt
    writeBytes(to, compressed)
  }
  writeLength(to, batchAt + BATCH_LENGTH_END)
  const crcEnd = batchAt + BATCH_CRC_END
  to.buffer.writeUInt32BE(crc32c(to.buffer, crcEnd, to.at), crcEnd - LENGTH_BYTES)
}

function compress(type: Exclude<CompressionTypes, CompressionTypes.None>, buffer: Buffer) {
  // kafkajs's codecs take its encoder, of which they only want the bytes.
  return (CompressionCodecs[type]() as Codec).compress({ buffer })
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
}

function writeRecord(
  to: RequestBytes,
  { key, value, headers = {}, headerList }: ProducedMessage,
  { index, timeDelta }: { readonly index: number; readonly timeDelta: number },
): void {
  writeMeasured(to, (value?.length ?? 0) + RECORD_OVERHEAD_BYTES, () => {
    writeInt8(to, 0)
    writeVarlong(to, timeDelta)
    writeVarint(to, index)
    writeVarintBytes(to, key)
    writeVarintBytes(to, value)
    if (headerList === undefined) writeHeaders(to, headers)
    else writeHeaderList(to, headerList)
  })
}

/** A header with several values is as many headers. */
function writeHeaders(to: RequestBytes, headers: IHeaders): void {
  const names = Object.keys(headers)
  let count = 0
  for (const name of names) count += countOf(headers[name])
  writeVarint(to, count)
  for (const name of names) {
    const value = headers[name]
    if (Array.isArray(value)) for (const each of value) writeHeader(to, name, each)
    else writeHeader(to, name, value)
  }
}

function writeHeaderList(to: RequestBytes, headers: HeaderList): void {
  writeVarint(to, headers.length)
  for (const [name, value] of headers) {
    writeVarintBytes(to, name)
    writeVarintBytes(to, value)
  }
}

function countOf(value: IHeaders[string]): number {
  return Array.isArray(value) ? value.length : 1
}

function writeHeader(to: RequestBytes, name: string, value: Buffer | string | undefined): void {
  writeVarintBytes(to, name)
  writeVarintBytes(to, value)
}
