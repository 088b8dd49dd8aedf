/**
 * Kafka's record batches, read where they stand. kafkajs makes a decoder for each record, a buffer
 * for each header and a copy of all headers for each further one, and counts in BigInt.
 */
import { CompressionCodecs } from 'kafkajs'
import type { EpochMs } from '../clock.ts'
import { CONSUMER_RESPONSE_BYTES_MAX } from '../limits/consumers.ts'
import { crc32c } from '../bytes/crc.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import type { HeaderList } from '../exact-record.ts'

/** In a record batch of version 2: where its length ends, and its fields. */
const LENGTH_AT = 8
const LENGTH_END = 12
const MAGIC_AT = 16
/** The checksum of all that follows it, from the attributes on. */
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_AT = 23
const FIRST_TIME_AT = 27
const LAST_TIME_AT = 35
const PRODUCER_AT = 43
const COUNT_AT = 57
const HEADER_BYTES = 61

const MAGIC = 2
const CODEC_MASK = 7
const LOG_APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32
const MARKER_KEY_BYTES = 4

/** What all records of a batch have in common. */
interface BatchContext {
  readonly firstOffset: number
  readonly firstTime: EpochMs
  /** Where the broker has set it: of all of them. */
  readonly appendedAt: EpochMs | undefined
  /** What kafkajs leaves out aborted transactions by. */
  readonly producerId: string
  readonly inTransaction: boolean
}

/**
 * A record as kafkajs hands it on. Only where its parts begin and end is read at once; its bytes
 * are those of the response.
 */
export class ReceivedMessage {
  readonly attributes = 0
  readonly isControlRecord: boolean
  readonly batchContext: BatchContext
  readonly offsetNumber: number
  readonly writtenAt: EpochMs
  readonly #bytes: Uint8Array
  readonly #options: BatchOptions
  readonly #keyAt: number
  readonly #keyLength: number
  readonly #valueAt: number
  readonly #valueLength: number
  readonly #end: number

  /**
   * Reads from the record's attributes on.
   *
   * @throws GatewayError BATCH_UNREADABLE where its key or its value would end behind it.
   */
  constructor(from: Cursor, end: number, options: BatchOptions) {
    const { bytes } = from
    const { context, isControl } = options
    this.#options = options
    from.at += 1
    const timeDelta = readVarint(from)
    this.#bytes = bytes
    this.batchContext = context
    this.isControlRecord = isControl
    this.writtenAt = context.appendedAt ?? context.firstTime + timeDelta
    this.offsetNumber = context.firstOffset + readVarint(from)
    this.#keyLength = readVarint(from)
    this.#keyAt = from.at
    from.at += Math.max(0, this.#keyLength)
    this.#valueLength = readVarint(from)
    this.#valueAt = from.at
    from.at += Math.max(0, this.#valueLength)
    if (from.at > end) throw unreadable(context.firstOffset, 'a record is longer than it says')
    from.at = end
    this.#end = end
  }

  get offset(): string {
    return String(this.offsetNumber)
  }

  get timestamp(): string {
    return String(this.writtenAt)
  }

  /**
   * None where it is four zeros, but for a marker: kafkajs takes any record with such a key for the
   * end of an aborted transaction, and hands the rest of it over. `bytesOf` has every key.
   */
  get key(): Buffer | null {
    const key = this.bytesOf('key')
    const isLikeMarker = key?.length === MARKER_KEY_BYTES && key.every((byte) => byte === 0)
    return key === null || (isLikeMarker && !this.isControlRecord) ? null : toBuffer(key)
  }

  get value(): Buffer | null {
    const value = this.bytesOf('value')
    return value && toBuffer(value)
  }

  /** A part of the response, and keeps all of it in memory. */
  bytesOf(part: 'key' | 'value'): Uint8Array | null {
    const at = part === 'key' ? this.#keyAt : this.#valueAt
    const length = part === 'key' ? this.#keyLength : this.#valueLength
    return length < 0 ? null : this.#bytes.subarray(at, at + length)
  }

  /** A part of the response, for `readHeaderList`. */
  get headerBytes(): Uint8Array {
    return this.#bytes.subarray(this.#valueAt + Math.max(0, this.#valueLength), this.#end)
  }

  /** The first value of each name, as text; one without a value is left out. */
  get headers(): Record<string, string> {
    const from = { bytes: this.#bytes, at: this.#valueAt + Math.max(0, this.#valueLength) }
    const count = readVarint(from)
    const headers: Record<string, string> = {}
    if (count === 0) return headers
    const { plain, names } = this.#options
    const text = openText(plain, from.at, this.#end)
    for (let n = 0; n < count && from.at < this.#end; n += 1) {
      const name = readText(from, text, names[n]) ?? ''
      names[n] = name
      const value = readText(from, text)
      if (value !== undefined && !Object.hasOwn(headers, name)) headers[name] = value
    }
    return headers
  }
}

/**
 * Where the last batch ends, where none of its records does: what is compacted leaves batches
 * without their last records, and some without any. kafkajs would fetch such a batch again for
 * ever. It goes on behind what it takes for a control record, and hands none of those over.
 */
export class EndOfBatch {
  readonly attributes = 0
  readonly isControlRecord = true
  readonly batchContext = { producerId: '-1', inTransaction: false }
  readonly key = null
  readonly value = null
  readonly timestamp = '0'
  readonly headers = {}
  readonly offset: string

  constructor(offset: number) {
    this.offset = String(offset)
  }
}

interface BatchOptions {
  readonly context: BatchContext
  readonly isControl: boolean
  /** Its records, decompressed. */
  readonly plain: Buffer
  /** The names of the headers of the record that was read last, in their order. */
  readonly names: string[]
}

/** What batches have come to when they were decompressed, in bytes, by their response. */
const unpacked = new WeakMap<object, number>()

/**
 * Reads all whole batches: the last one may be cut, and is fetched again. So is what follows once
 * those of a response, whatever their partitions, have come to much when they were decompressed.
 *
 * @throws GatewayError BATCH_UNREADABLE where one is not what Kafka keeps: it was damaged on its
 * way or on a disk, or is of a format before Kafka 0.11.
 */
export async function readRecordBatches(
  buffer: Buffer,
  response: object = buffer,
): Promise<(ReceivedMessage | EndOfBatch)[]> {
  const messages: (ReceivedMessage | EndOfBatch)[] = []
  let lastOffset = -1
  for (let at = 0; at + HEADER_BYTES <= buffer.length;) {
    const end = at + LENGTH_END + buffer.readInt32BE(at + LENGTH_AT)
    if (end > buffer.length) break
    if (end < at + HEADER_BYTES) {
      throw unreadable(Number(buffer.readBigInt64BE(at)), 'it is shorter than a batch')
    }
    const batch = buffer.subarray(at, end)
    const attributes = batch.readInt16BE(ATTRIBUTES_AT)
    const codec = attributes & CODEC_MASK
    const unpackedBytes = unpacked.get(response) ?? 0
    if (codec !== 0 && unpackedBytes >= CONSUMER_RESPONSE_BYTES_MAX) break
    assertWhole(batch)
    const records = batch.subarray(HEADER_BYTES)
    const context = contextOf(batch, attributes)
    const { firstOffset } = context
    const plain = codec === 0 ? records : await decompress(codec, records, firstOffset)
    const isControl = (attributes & CONTROL) !== 0
    const options = { context, isControl, plain, names: [] }
    if (codec !== 0) unpacked.set(response, unpackedBytes + plain.length)
    const from = { bytes: new Uint8Array(plain.buffer, plain.byteOffset, plain.length), at: 0 }
    for (let left = batch.readInt32BE(COUNT_AT); left > 0; left -= 1) {
      const length = readVarint(from)
      const recordEnd = from.at + length
      if (length <= 0 || recordEnd > plain.length) {
        throw unreadable(firstOffset, 'it has fewer records than it says')
      }
      messages.push(new ReceivedMessage(from, recordEnd, options))
    }
    lastOffset = firstOffset + batch.readInt32BE(LAST_OFFSET_AT)
    at = end
  }
  if (lastOffset > Number(messages.at(-1)?.offset ?? -1)) messages.push(new EndOfBatch(lastOffset))
  return messages
}

function assertWhole(batch: Buffer): void {
  const firstOffset = Number(batch.readBigInt64BE(0))
  const magic = batch[MAGIC_AT]
  if (magic !== MAGIC) throw unreadable(firstOffset, `it is of version ${magic}, not ${MAGIC}`)
  if (crc32c(batch, ATTRIBUTES_AT) !== batch.readUInt32BE(CRC_AT)) {
    throw unreadable(firstOffset, 'its checksum is wrong')
  }
}

function unreadable(firstOffset: number, reason: string): GatewayError {
  return new GatewayError('BATCH_UNREADABLE', `the batch at offset ${firstOffset}: ${reason}`)
}

function contextOf(batch: Buffer, attributes: number): BatchContext {
  const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0
  return {
    firstOffset: Number(batch.readBigInt64BE(0)),
    firstTime: Number(batch.readBigInt64BE(FIRST_TIME_AT)),
    appendedAt: isAppendTime ? Number(batch.readBigInt64BE(LAST_TIME_AT)) : undefined,
    producerId: String(batch.readBigInt64BE(PRODUCER_AT)),
    inTransaction: (attributes & TRANSACTIONAL) !== 0,
  }
}

interface Codec {
  decompress(bytes: Buffer): Buffer | Promise<Buffer>
}

async function decompress(codec: number, bytes: Buffer, firstOffset: number): Promise<Buffer> {
  const codecs: Readonly<Record<number, (() => Codec) | undefined>> = CompressionCodecs
  const open = codecs[codec]
  if (open === undefined) throw unreadable(firstOffset, `it is compressed with codec ${codec}`)
  try {
    return await open().decompress(bytes)
  } catch (error) {
    throw unreadable(firstOffset, `it cannot be decompressed: ${messageOf(error)}`)
  }
}

/** Where in some bytes is read next. */
interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** A whole number, seven bits a byte, its sign last; exact to 53 bits. */
function readVarint(from: Cursor): number {
  const { bytes } = from
  let byte = bytes[from.at++] ?? 0
  let value = byte & 0x7f
  for (let factor = 128; byte > 0x7f; factor *= 128) {
    byte = bytes[from.at++] ?? 0
    value += (byte & 0x7f) * factor
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** All headers of a record, from their bytes, which their values are parts of. */
export function readHeaderList(bytes: Uint8Array): HeaderList {
  const from = { bytes, at: 0 }
  const headers: (readonly [string, Uint8Array | null])[] = []
  for (let left = readVarint(from); left > 0 && from.at < bytes.length; left -= 1) {
    const name = toBuffer(readBytes(from) ?? NOTHING).toString()
    headers.push([name, readBytes(from)])
  }
  return headers
}

const NOTHING = new Uint8Array()

function readBytes(from: Cursor): Uint8Array | null {
  const length = readVarint(from)
  const start = from.at
  from.at += Math.max(0, length)
  return length < 0 ? null : from.bytes.subarray(start, from.at)
}

/** All headers of a record as one text, in which a byte is a character; undefined: not all are. */
interface HeaderText {
  readonly plain: Buffer
  readonly text: string | undefined
  readonly start: number
}

function openText(plain: Buffer, start: number, end: number): HeaderText {
  const text = plain.toString('utf8', start, end)
  return { plain, text: text.length === end - start ? text : undefined, start }
}

/**
 * Undefined where there is none. Where it is the expected one nothing is made: a name that has just
 * been cut from a text is looked up among all names, 50 ns each.
 */
function readText(
  from: Cursor,
  { plain, text, start }: HeaderText,
  expected?: string,
): string | undefined {
  const length = readVarint(from)
  if (length < 0) return undefined
  const { at } = from
  from.at += length
  if (text === undefined) return plain.toString('utf8', at, from.at)
  const isExpected = expected?.length === length && text.startsWith(expected, at - start)
  return isExpected ? expected : text.slice(at - start, from.at - start)
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
