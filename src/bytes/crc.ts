/** Checksums of 32 bits. Loading node:zlib takes 10 ms of a start, and it has no CRC-32C. */
import { lazily } from '../lazily.ts'

/** A sum of the bytes from `start` to `end`. */
type Crc = (bytes: Uint8Array, start?: number, end?: number) => number

/** Bytes that one step takes in: four words. Their tables are 16 kB. */
const STEP = 16
const WORDS_PER_STEP = 4
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT
const TABLE_ENTRIES = 256

/** CRC-32, as zlib has it. */
export const crc32 = crcOf(0xedb88320)

/** CRC-32C (Castagnoli), which Kafka sums up its record batches with. */
export const crc32c = crcOf(0x82f63b78)

/**
 * `polynomial` has its bits reversed. Words are read as this machine has them: lowest byte
 * first, as all that Bun runs on. 16 bytes a step make 2.2 GB/s, where 8 single ones made 1.5.
 */
function crcOf(polynomial: number): Crc {
  const made = lazily(() => makeTables(polynomial))
  return (bytes, start = 0, end = bytes.length) => {
    const tables = made()
    const entry = (table: number, index: number): number =>
      tables[table * TABLE_ENTRIES + index] ?? 0
    /** Of four bytes that as many further ones follow as the number of their last table. */
    const entries = (last: number, word: number): number =>
      entry(last + 3, word & 0xff) ^
      entry(last + 2, (word >>> 8) & 0xff) ^
      entry(last + 1, (word >>> 16) & 0xff) ^
      entry(last, word >>> 24)
    const one = (sum: number, at: number): number =>
      entry(0, (sum ^ (bytes[at] ?? 0)) & 0xff) ^ (sum >>> 8)
    let crc = -1
    let at = start
    for (; at < end && (bytes.byteOffset + at) % WORD_BYTES !== 0; at += 1) crc = one(crc, at)
    const steps = Math.floor((end - at) / STEP)
    if (steps > 0) {
      const from = bytes.byteOffset + at
      const words = new Int32Array(bytes.buffer, from, steps * WORDS_PER_STEP)
      const word = (n: number): number => words[n] ?? 0
      for (let n = 0; n < words.length; n += WORDS_PER_STEP) {
        crc =
          entries(12, crc ^ word(n)) ^
          entries(8, word(n + 1)) ^
          entries(4, word(n + 2)) ^
          entries(0, word(n + 3))
      }
    }
    for (at += steps * STEP; at < end; at += 1) crc = one(crc, at)
    return ~crc >>> 0
  }
}

/** Table t says what a byte comes to that t further ones follow. */
function makeTables(polynomial: number): Int32Array {
  const tables = new Int32Array(STEP * TABLE_ENTRIES)
  for (let byte = 0; byte < TABLE_ENTRIES; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    tables[byte] = crc
  }
  for (let at = TABLE_ENTRIES; at < tables.length; at += 1) {
    const before = tables[at - TABLE_ENTRIES] ?? 0
    tables[at] = (before >>> 8) ^ (tables[before & 0xff] ?? 0)
  }
  return tables
}
