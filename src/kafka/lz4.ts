/**
 * LZ4 in frames, as producers of Kafka write it. Checksums are passed over, as Kafka's own clients
 * do with that of the content: that of the record batch has been over the same bytes.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { repeat, takeLiterals, takeNumber, type Unpacking } from './unpacking.ts'

const MAGIC = 0x184d2204

/** What the first byte behind the magic says: in its highest two bits, which version it is. */
const VERSION_SHIFT = 6
const VERSION = 1
const BLOCK_CHECKSUMS = 1 << 4
const CONTENT_SIZE = 1 << 3
const DICTIONARY = 1
const CONTENT_SIZE_BYTES = 8
const CHECKSUM_BYTES = 4

/** The bit of a block's length that says that it is not compressed. */
const PLAIN = 2 ** 31
/** What a byte of a block can become at most: it may be one of a length. */
const RATIO_MAX = 255

/** A length that is larger has further bytes, up to one that is less than 255. */
const SHORT_LENGTH_MAX = 15
const REPEATED_BYTES_MIN = 4

/**
 * Unpacks one frame.
 *
 * @throws RangeError where it is damaged, or larger than `bytesMax` when it is unpacked.
 */
export function unpackLz4(input: Buffer, bytesMax: number): Buffer {
  const output = Buffer.allocUnsafeSlow(Math.min(bytesMax, 4 * input.length))
  const frame: Unpacking = { input, at: 0, end: input.length, output, written: 0 }
  const { blockBytesMax, hasChecksums } = takeHeader(frame)
  for (;;) {
    const length = takeNumber(frame, 4)
    // What may follow sums up the content.
    if (length === 0) return frame.output.subarray(0, frame.written)
    const bytes = length % PLAIN
    const end = frame.at + bytes
    if (end > input.length) throw new RangeError('it ends too early')
    reserve(frame, Math.min(blockBytesMax, bytes * RATIO_MAX), bytesMax)
    if (length >= PLAIN) takeLiterals(frame, bytes)
    else unpackBlock(frame, end)
    if (hasChecksums) takeNumber(frame, CHECKSUM_BYTES)
  }
}

interface FrameHeader {
  readonly blockBytesMax: number
  readonly hasChecksums: boolean
}

function takeHeader(frame: Unpacking): FrameHeader {
  if (takeNumber(frame, 4) !== MAGIC) throw new RangeError('it is no frame')
  const flags = takeNumber(frame, 1)
  if (flags >>> VERSION_SHIFT !== VERSION) throw new RangeError('it is of another version')
  if ((flags & DICTIONARY) !== 0) throw new RangeError('it needs a dictionary')
  // 64 KiB, 256 KiB, 1 MiB or 4 MiB.
  const size = (takeNumber(frame, 1) >>> 4) & 7
  if (size < 4) throw new RangeError('its blocks are of no known size')
  if ((flags & CONTENT_SIZE) !== 0) takeNumber(frame, CONTENT_SIZE_BYTES)
  takeNumber(frame, 1) // sums up the header
  return { blockBytesMax: 2 ** (8 + 2 * size), hasChecksums: (flags & BLOCK_CHECKSUMS) !== 0 }
}

/** Makes room for so many more, as far as it may be. */
function reserve(frame: Unpacking, bytes: number, bytesMax: number): void {
  const needed = Math.min(bytesMax, frame.written + bytes)
  if (needed <= frame.output.length) return
  const larger = Buffer.allocUnsafeSlow(Math.min(bytesMax, Math.max(needed, 2 * frame.written)))
  frame.output.copy(larger, 0, 0, frame.written)
  frame.output = larger
}

/** It may repeat what is in blocks before it. */
function unpackBlock(frame: Unpacking, end: number): void {
  frame.end = end
  while (frame.at < end) {
    const token = takeNumber(frame, 1)
    takeLiterals(frame, takeLength(frame, token >>> 4))
    // The last of a block only takes over.
    if (frame.at === end) break
    const back = takeNumber(frame, 2)
    repeat(frame, back, REPEATED_BYTES_MIN + takeLength(frame, token & SHORT_LENGTH_MAX))
  }
  frame.end = frame.input.length
}

function takeLength(frame: Unpacking, short: number): number {
  if (short < SHORT_LENGTH_MAX) return short
  let length = short
  let byte
  do {
    byte = takeNumber(frame, 1)
    length += byte
  } while (byte === 255)
  return length
}
