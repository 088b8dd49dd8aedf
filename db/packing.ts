/** Chunks are packed: the bodies of a commit are of few kinds, and share most of their bytes. */
import { GatewayError } from '../src/faults/faults.ts'
import { PACK_BYTES_MIN, PACK_LEVEL, PACKED_SHARE_MAX } from '../src/limits/limits.ts'
import { hash53 } from './hash.ts'

/** The bodies of a chunk as its row has them. */
export interface ChunkBytes {
  readonly bodies: Uint8Array
  /** How long they are unpacked; null where they are as they came. */
  readonly rawBytes: number | null
  /** What the packed bytes are recognised by: null where they are not packed. */
  readonly packedHash: number | null
}

/** Packs them, where that is worth it. */
export function pack(raw: Uint8Array): ChunkBytes {
  const asTheyAre = { bodies: raw, rawBytes: null, packedHash: null }
  if (raw.byteLength < PACK_BYTES_MIN) return asTheyAre
  const packed = Bun.zstdCompressSync(raw, { level: PACK_LEVEL })
  if (packed.byteLength > raw.byteLength * PACKED_SHARE_MAX) return asTheyAre
  return { bodies: packed, rawBytes: raw.byteLength, packedHash: hash53(packed) }
}

/**
 * The bytes that were packed, and no others: one damaged byte would be in many bodies, and zstd
 * itself would not notice most of them. The hash is asked first, so what is unpacked is our own,
 * and no longer than one commit.
 *
 * @throws GatewayError STORAGE_DAMAGED where they are. `name` is what it calls them.
 */
export function unpack({ bodies, rawBytes, packedHash }: ChunkBytes, name: string): Uint8Array {
  if (rawBytes === null) return bodies
  if (hash53(bodies) !== packedHash) throw damaged(name)
  const { buffer, byteOffset, byteLength } = Bun.zstdDecompressSync(bodies)
  if (byteLength !== rawBytes) throw damaged(name)
  // Not the Buffer that it is: its `slice` would be a view of all the chunk.
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Nobody's bug: disks lose and change bytes. */
export function damaged(name: string): GatewayError {
  return new GatewayError('STORAGE_DAMAGED', `${name} is not as it was written`)
}
