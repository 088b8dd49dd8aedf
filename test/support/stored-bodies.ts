import { openBodies } from '../../db/bodies.ts'
import type { Reader } from '../../db/open.ts'
import { GatewayError } from '../../src/faults/faults.ts'

interface StoredBody {
  readonly eventId: string
  /** Null where it cannot be read: its chunk is gone, or damaged. */
  readonly body: Uint8Array | null
}

/** Every stored event's bytes, in the order of commits. */
export function storedBodies(reader: Reader): readonly StoredBody[] {
  const bodies = openBodies(reader)
  const rows = reader.client.query<
    { eventId: string; chunkSeq: number; bodyOffset: number; bodyLength: number },
    []
  >(`SELECT event_id AS eventId, chunk_seq AS chunkSeq, body_offset AS bodyOffset,
      body_length AS bodyLength FROM inbox ORDER BY seq`)
  return rows.all().map(({ eventId, ...place }) => {
    try {
      return { eventId, body: bodies.read(place) }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { eventId, body: null }
    }
  })
}
