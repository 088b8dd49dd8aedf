import { readFileSync } from 'node:fs'

/** What happened to a disk, as disk-shim.c wrote it down. Paths are below the watched directory. */
export type DiskRecord =
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'create' | 'unlink'; readonly path: string }
  | {
      readonly kind: 'sync began' | 'synced' | 'sync failed'
      readonly path: string
      readonly id: bigint
    }
  /** A sign of the driver's: it stands where it was set. */
  | { readonly kind: 'sign'; readonly text: string }

/** A kind, two bytes for the length of the path, four for that of the data, eight for a number. */
const HEAD_BYTES = 16

const SYNC_KINDS = { B: 'sync began', E: 'synced', F: 'sync failed' } as const

/** A sign as it stands in the log. It has to be appended with one write. */
export function signRecord(text: string): Uint8Array {
  return encode('S', { path: text, number: 0n, bytes: Buffer.alloc(0) })
}

/** A write as it stands in the log. */
export function writeRecord({
  path,
  at,
  bytes,
}: Extract<DiskRecord, { kind: 'write' }>): Uint8Array {
  return encode('W', { path, number: BigInt(at), bytes })
}

function encode(letter: string, { path, number, bytes }: Fields): Uint8Array {
  const name = Buffer.from(path)
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(letter)
  head.writeUInt16LE(name.byteLength, 2)
  head.writeUInt32LE(bytes.byteLength, 4)
  head.writeBigInt64LE(number, 8)
  return Buffer.concat([head, name, bytes])
}

/** Everything in a log, in the order in which it happened. */
export function readDiskLog(logPath: string): readonly DiskRecord[] {
  const log = readFileSync(logPath)
  const records: DiskRecord[] = []
  for (let at = 0; at < log.byteLength;) {
    const dataAt = at + HEAD_BYTES + log.readUInt16LE(at + 2)
    const end = dataAt + log.readUInt32LE(at + 4)
    const path = log.toString('utf8', at + HEAD_BYTES, dataAt)
    const number = log.readBigInt64LE(at + 8)
    records.push(
      toRecord(log.toString('latin1', at, at + 1), {
        path,
        number,
        bytes: log.subarray(dataAt, end),
      }),
    )
    at = end
  }
  return records
}

interface Fields {
  readonly path: string
  readonly number: bigint
  readonly bytes: Buffer
}

function toRecord(letter: string, { path, number, bytes }: Fields): DiskRecord {
  switch (letter) {
    case 'W':
      return { kind: 'write', path, at: Number(number), bytes }
    case 'T':
      return { kind: 'truncate', path, length: Number(number) }
    case 'C':
      return { kind: 'create', path }
    case 'U':
      return { kind: 'unlink', path }
    case 'S':
      return { kind: 'sign', text: path }
    case 'B':
    case 'E':
    case 'F':
      return { kind: SYNC_KINDS[letter], path, id: number }
    default:
      throw new Error(`the log of the disk has a record of kind ${letter}`)
  }
}
