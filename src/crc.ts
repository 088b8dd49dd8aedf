/** Checksums of 32 bits. Loading node:zlib takes 10 ms of a start, and it has no CRC-32C. */
import { lazily } from './lazily.ts'

/** A sum of the bytes from `start` to `end`. */
type Crc = (bytes: Uint8Array, start?: number, end?: number) => number

/** Bytes that one step takes in. */
const STEP = 8
const TABLE_ENTRIES = 256

/** CRC-32, as zlib has it. */
export const crc32 = crcOf(0xedb88320)

/** CRC-32C (Castagnoli), which Kafka sums up its record batches with. */
export const crc32c = crcOf(0x82f63b78)

/** `polynomial` has its bits reversed. Eight bytes a step: 1.6 GB/s, where a byte makes 0.4. */
function crcOf(polynomial: number): Crc {
  const made = lazily(() => makeTables(polynomial))
  return (bytes, start = 0, end = bytes.length) => {
    const tables = made()
    const byte = (at: number): number => bytes[at] ?? 0
    const entry = (table: number, index: number): number =>
      tables[table * TABLE_ENTRIES + index] ?? 0
    let crc = -1
    let at = start
    for (const last = end - STEP; at <= last; at += STEP) {
      crc =
        entry(7, (crc ^ byte(at)) & 0xff) ^
        entry(6, ((crc >>> 8) ^ byte(at + 1)) & 0xff) ^
        entry(5, ((crc >>> 16) ^ byte(at + 2)) & 0xff) ^
        entry(4, (crc >>> 24) ^ byte(at + 3)) ^
        entry(3, byte(at + 4)) ^
        entry(2, byte(at + 5)) ^
        entry(1, byte(at + 6)) ^
        entry(0, byte(at + 7))
    }
    for (; at < end; at += 1) crc = entry(0, (crc ^ byte(at)) & 0xff) ^ (crc >>> 8)
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
