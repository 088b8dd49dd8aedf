import type { NewEvent } from '../src/event.ts'

/** A chunk to be: one row of bodies, into which the events of its commit point. */
export interface ChunkDraft {
  /** The bodies, and their length together. */
  readonly bodies: Uint8Array[]
  bytes: number
  /** The request whose events are being stored, and where its bytes begin in the chunk. */
  request: { readonly body: Uint8Array; readonly offset: number } | undefined
}

/**
 * Where an event's bytes stand in the chunk to be, and what has to be added to it for that. Those
 * of a batch's event are a part of its request's, which is added once; only where they were
 * encoded in it are they added beside it.
 */
export function place(draft: Readonly<ChunkDraft>, { body, request: whole }: NewEvent) {
  const { bytes } = draft
  if (whole === undefined) return { offset: bytes, add: [body], request: undefined }
  const known = draft.request?.body === whole ? draft.request : undefined
  const request = known ?? { body: whole, offset: bytes }
  const missing = known === undefined ? [whole] : []
  const start = body.byteOffset - whole.byteOffset
  const end = start + body.byteLength
  // Small arrays may share a buffer that neither of them owns.
  const isPart = body.buffer === whole.buffer && start >= 0 && end <= whole.byteLength
  return isPart
    ? { offset: request.offset + start, add: missing, request }
    : { offset: bytes + (missing[0]?.byteLength ?? 0), add: [...missing, body], request }
}

/** All bodies in one array; a single one is not copied. */
export function concat(bodies: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = bodies
  if (only !== undefined && bodies.length === 1) return only
  const chunk = new Uint8Array(length)
  let offset = 0
  for (const body of bodies) {
    chunk.set(body, offset)
    offset += body.byteLength
  }
  return chunk
}
