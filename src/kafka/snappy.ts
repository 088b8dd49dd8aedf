/**
 * Snappy, as producers of Kafka write it: Java's in the blocks of snappy-java, others raw.
 *
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
import { repeat, takeLiterals, takeNumber, type Unpacking } from './unpacking.ts'

/** No raw bytes begin like this: as such they would begin by repeating what is not there. */
const JAVA_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]
/** The magic, and two numbers of versions. */
const JAVA_HEADER_BYTES = 16
const JAVA_LENGTH_BYTES = 4

/** A length of bytes to take over that is larger follows in bytes of its own. */
const SHORT_BYTES_MAX = 60

/** What the lowest two bits of an element's first byte say. */
const KIND_MASK = 3
const LITERALS = 0
/** It repeats, and how far back is in one byte more and three bits of the first. */
const REPEAT_NEAR = 1
const NEAR_BYTES_MIN = 4
/** How far back is in two bytes; in four where it is of none of these kinds. */
const REPEAT = 2

/**
 * Unpacks all of it.
 *
 * @throws RangeError where it is damaged, or larger than `bytesMax` when it is unpacked.
 */
export function unpackSnappy(input: Buffer, bytesMax: number): Buffer {
  const blocks = blocksOf(input).map(([at, end]) => {
    const block = { input, at, end, output: EMPTY, written: 0 }
    return { block, bytes: takeSize(block) }
  })
  const total = blocks.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > bytesMax) throw new RangeError(`it has ${total} bytes, more than ${bytesMax}`)
  const output = Buffer.allocUnsafeSlow(total)
  let written = 0
  for (const { block, bytes } of blocks) {
    block.output = output.subarray(written, written + bytes)
    unpackBlock(block)
    if (block.written < bytes) throw new RangeError('it has fewer bytes than it says')
    written += bytes
  }
  return output
}

const EMPTY = Buffer.alloc(0)

/** Where each begins and ends. */
function blocksOf(input: Buffer): (readonly [number, number])[] {
  if (!JAVA_MAGIC.every((byte, at) => input[at] === byte)) return [[0, input.length]]
  const blocks: (readonly [number, number])[] = []
  for (let at = JAVA_HEADER_BYTES; at < input.length;) {
    if (at + JAVA_LENGTH_BYTES > input.length) throw new RangeError('it ends too early')
    const start = at + JAVA_LENGTH_BYTES
    at = start + input.readUInt32BE(at)
    if (at > input.length) throw new RangeError('it ends too early')
    blocks.push([start, at])
  }
  return blocks
}

/** A number of up to 32 bits, seven a byte. */
function takeSize(block: Unpacking): number {
  let size = 0
  for (let factor = 1; factor < 2 ** 35; factor *= 128) {
    const byte = takeNumber(block, 1)
    size += (byte & 0x7f) * factor
    if (byte < 0x80) return size
  }
  throw new RangeError('its size has more than 32 bits')
}

function unpackBlock(block: Unpacking): void {
  while (block.at < block.end) {
    const first = takeNumber(block, 1)
    const kind = first & KIND_MASK
    const rest = first >>> 2
    if (kind === LITERALS) {
      const more = rest - SHORT_BYTES_MAX
      takeLiterals(block, 1 + (more < 0 ? rest : takeNumber(block, more + 1)))
    } else if (kind === REPEAT_NEAR) {
      const back = (rest >>> 3) * 256 + takeNumber(block, 1)
      repeat(block, back, NEAR_BYTES_MIN + (rest & 7))
    } else {
      repeat(block, takeNumber(block, kind === REPEAT ? 2 : 4), rest + 1)
    }
  }
}
