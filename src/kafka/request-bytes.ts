/** The types of Kafka's protocol, written one after the other into a buffer that grows. */

/** A buffer, and where its next byte goes. */
export interface RequestBytes {
  buffer: Buffer
  at: number
}

/** A varint of 32 bits takes at most 5. */
const VARINT_BYTES_MAX = 5
/** Shorter texts are written before the runtime has been called, and nearly all are short. */
const SHORT_TEXT_CHARS = 64
/** A UTF-16 unit is at most this many bytes of UTF-8. */
const UTF8_BYTES_PER_UNIT_MAX = 3
const ASCII_MAX = 0x7f

/** Begins with an empty buffer of the size that is expected. */
export function openRequestBytes(expectedBytes: number): RequestBytes {
  return { buffer: Buffer.allocUnsafe(expectedBytes), at: 0 }
}

/** Makes room for so many bytes more. */
function reserve(to: RequestBytes, length: number): void {
  const needed = to.at + length
  if (needed <= to.buffer.length) return
  const larger = Buffer.allocUnsafe(2 * needed)
  larger.set(to.buffer.subarray(0, to.at))
  to.buffer = larger
}

export function writeInt8(to: RequestBytes, value: number): void {
  reserve(to, 1)
  to.at = to.buffer.writeInt8(value, to.at)
}

export function writeInt16(to: RequestBytes, value: number): void {
  reserve(to, 2)
  to.at = to.buffer.writeInt16BE(value, to.at)
}

export function writeInt32(to: RequestBytes, value: number): void {
  reserve(to, 4)
  to.at = to.buffer.writeInt32BE(value, to.at)
}

export function writeInt64(to: RequestBytes, value: bigint): void {
  reserve(to, 8)
  to.at = to.buffer.writeBigInt64BE(value, to.at)
}

/** Its length in 16 bits, and its bytes; null has the length -1. */
export function writeString(to: RequestBytes, text: string | null): void {
  const length = text === null ? -1 : Buffer.byteLength(text)
  writeInt16(to, length)
  reserve(to, length)
  if (text !== null) to.at += to.buffer.write(text, to.at)
}

export function writeBytes(to: RequestBytes, bytes: Uint8Array): void {
  reserve(to, bytes.length)
  to.buffer.set(bytes, to.at)
  to.at += bytes.length
}

/** A number of 32 bits with its sign last, seven bits a byte. */
export function writeVarint(to: RequestBytes, value: number): void {
  reserve(to, VARINT_BYTES_MAX)
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest > 0x7f; rest >>>= 7) to.buffer[to.at++] = (rest & 0x7f) | 0x80
  to.buffer[to.at++] = rest
}

/** The same of any whole number. */
export function writeVarlong(to: RequestBytes, value: number): void {
  if (value === (value | 0)) return writeVarint(to, value)
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  reserve(to, 2 * VARINT_BYTES_MAX)
  for (; rest > 0x7fn; rest >>= 7n) to.buffer[to.at++] = Number(rest & 0x7fn) | 0x80
  to.buffer[to.at++] = Number(rest)
}

/** Bytes or text behind its length as a varint; nothing has the length -1. */
export function writeVarintBytes(
  to: RequestBytes,
  data: Uint8Array | string | null | undefined,
): void {
  if (typeof data === 'string') return writeVarintText(to, data)
  writeVarint(to, data?.length ?? -1)
  if (data !== null && data !== undefined) writeBytes(to, data)
}

function writeVarintText(to: RequestBytes, text: string): void {
  const { length } = text
  const start = to.at
  if (length <= SHORT_TEXT_CHARS) {
    reserve(to, VARINT_BYTES_MAX + length)
    writeVarint(to, length)
    let index = 0
    for (; index < length; index += 1) {
      const code = text.charCodeAt(index)
      if (code > ASCII_MAX) break
      to.buffer[to.at++] = code
    }
    if (index === length) return
    to.at = start
  }
  writeVarint(to, Buffer.byteLength(text))
  reserve(to, length * UTF8_BYTES_PER_UNIT_MAX)
  to.at += to.buffer.write(text, to.at)
}

/**
 * What `write` writes, behind its length as a varint. That is known only afterwards: where it takes
 * another number of bytes than the expected length does, what was written is moved.
 */
export function writeMeasured(to: RequestBytes, expectedLength: number, write: () => void): void {
  const start = to.at
  writeVarint(to, expectedLength)
  const expectedAt = to.at
  write()
  const end = to.at
  const length = end - expectedAt
  const at = start + varintBytes(length)
  if (at !== expectedAt) {
    reserve(to, VARINT_BYTES_MAX)
    to.buffer.copyWithin(at, expectedAt, end)
  }
  to.at = start
  writeVarint(to, length)
  to.at += length
}

/** How many bytes a length takes as a varint. */
function varintBytes(length: number): number {
  return Math.ceil((33 - Math.clz32(length)) / 7)
}
