/** Looks whether stored bodies are as they were written: most of them nobody ever reads again. */
import { hash53 } from './hash.ts'
import type { Reader } from './open.ts'
import { unpack, type ChunkBytes } from './packing.ts'
import { standsForOthers, type IdsRow } from './shared-ids.ts'
import { readOrDamage } from './bodies.ts'

/** Events whose bodies are damaged, by their seqs. */
export interface DamagedEvents {
  readonly first: number
  readonly last: number
  /** Whether they are lists of the ids of records: these records may be processed again. */
  readonly isIdList: boolean
}

export interface BodiesLook {
  /** What was looked at: how many events, from the newest on, and what they take on disk. */
  readonly events: number
  readonly bytes: number
  /** Whether that was all: there are no older events. */
  readonly isAll: boolean
  readonly damaged: readonly DamagedEvents[]
}

interface ChunkRow extends ChunkBytes {
  readonly seq: number
  readonly inboxFirst: number
  readonly inboxLast: number
}

interface EventRow extends IdsRow {
  readonly seq: number
  /** Null where the row is older than this column. */
  readonly bodyHash: number | null
}

/**
 * Compares what `bytesMax` of the newest chunks hold with the hashes that were stored beside them.
 * Each chunk is a read of its own, so it may go on for long beside a gateway that writes.
 */
export function lookAtBodies({ client }: Reader, bytesMax: number): BodiesLook {
  const before = client.query<ChunkRow, [number]>(CHUNK_BEFORE)
  const eventsOf = client.query<EventRow, [number, number]>(EVENTS_OF)
  const damaged: DamagedEvents[] = []
  let events = 0
  let bytes = 0
  let chunk = before.get(Number.MAX_SAFE_INTEGER)
  let last = chunk?.inboxLast ?? 0
  while (chunk !== null && bytes < bytesMax) {
    const rows = eventsOf.all(chunk.inboxFirst, last)
    events += rows.length
    bytes += chunk.bodies.byteLength
    damaged.push(...together(damagedIn(chunk, rows)))
    // What is between two chunks has lost its own.
    last = chunk.inboxFirst - 1
    chunk = before.get(chunk.seq)
  }
  if (chunk !== null) return { events, bytes, isAll: false, damaged }
  const left = eventsOf.all(0, last)
  damaged.push(...together(left))
  return { events: events + left.length, bytes, isAll: true, damaged }
}

function damagedIn(chunk: ChunkRow, rows: readonly EventRow[]): readonly EventRow[] {
  const { bytes, damage } = readOrDamage(() => unpack(chunk, `chunk ${chunk.seq}`))
  return rows.filter(({ chunkSeq, bodyOffset, bodyLength, bodyHash }) => {
    if (damage !== undefined || chunkSeq !== chunk.seq) return true
    const body = bytes.subarray(bodyOffset, bodyOffset + bodyLength)
    return bodyHash !== null && hash53(body) !== bodyHash
  })
}

/** The rows as ranges, neighbours as one. */
function together(rows: readonly EventRow[]): readonly DamagedEvents[] {
  const found: DamagedEvents[] = []
  for (const row of rows) {
    const isIdList = standsForOthers(row)
    const before = found.at(-1)
    const goesOn = before?.last === row.seq - 1 && before.isIdList === isIdList
    if (goesOn) found[found.length - 1] = { ...before, last: row.seq }
    else found.push({ first: row.seq, last: row.seq, isIdList })
  }
  return found
}

const CHUNK_BEFORE = `
  SELECT seq, inbox_first AS inboxFirst, inbox_last AS inboxLast, bodies, raw_bytes AS rawBytes,
    packed_hash AS packedHash
  FROM chunks WHERE seq < ? ORDER BY seq DESC LIMIT 1`

const EVENTS_OF = `
  SELECT seq, source, event_id AS eventId, chunk_seq AS chunkSeq, body_offset AS bodyOffset,
    body_length AS bodyLength, body_hash AS bodyHash
  FROM inbox WHERE seq BETWEEN ? AND ? ORDER BY seq`
