import { eq, sql } from 'drizzle-orm'
import { BrokenInvariant } from '../src/assert.ts'
import { GatewayError } from '../src/faults/faults.ts'
import { lazily } from '../src/lazily.ts'
import type { Reader } from './open.ts'
import { damaged, unpack } from './packing.ts'
import { chunks } from './schema.ts'

/** Where a body lies. */
export interface BodyPlace {
  readonly chunkSeq: number
  readonly bodyOffset: number
  readonly bodyLength: number
}

/** Reads bodies out of their chunks. */
export interface Bodies {
  /**
   * The exact bytes: a view of the chunk, so nothing is copied.
   *
   * @throws GatewayError STORAGE_DAMAGED where the chunk is gone or damaged.
   */
  read(place: BodyPlace): Uint8Array
}

/**
 * Remembers the last chunk (at most COMMIT_BYTES_MAX, or one larger body): bodies are asked for in
 * the order in which they lie there, so each chunk is read and unpacked once, also where a relay
 * batch ends in the middle of one.
 */
export function openBodies({ orm }: Reader): Bodies {
  const readChunk = lazily(() =>
    orm
      .select({
        bodies: chunks.bodies,
        rawBytes: chunks.rawBytes,
        packedHash: chunks.packedHash,
      })
      .from(chunks)
      .where(eq(chunks.seq, sql.placeholder('chunkSeq')))
      .prepare(),
  )
  let last: { readonly chunkSeq: number; readonly bytes: Uint8Array } | undefined

  return {
    read({ chunkSeq, bodyOffset, bodyLength }) {
      if (last?.chunkSeq !== chunkSeq) {
        const row = readChunk().get({ chunkSeq })
        if (row === undefined) {
          throw new GatewayError('STORAGE_DAMAGED', `chunk ${chunkSeq} is gone`)
        }
        last = { chunkSeq, bytes: unpack(row, `chunk ${chunkSeq}`) }
      }
      const end = bodyOffset + bodyLength
      if (end > last.bytes.byteLength) throw damaged(`chunk ${chunkSeq}`)
      return last.bytes.subarray(bodyOffset, end)
    },
  }
}

/**
 * Reads something, or says why it is gone or damaged: for those to whom it must not keep them from
 * all the others.
 */
export function readOrDamage(read: () => Uint8Array): {
  readonly bytes: Uint8Array
  readonly damage?: string
} {
  try {
    return { bytes: read() }
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'STORAGE_DAMAGED') {
      return { bytes: NOTHING, damage: `its body is damaged on disk: ${error.detail}` }
    }
    if (!(error instanceof BrokenInvariant)) throw error
    return { bytes: NOTHING, damage: `it does not hold that ${error.message}` }
  }
}

const NOTHING = new Uint8Array()
