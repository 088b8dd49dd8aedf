import { eq, sql } from 'drizzle-orm'
import type { VerifiedBody } from '../src/delivery.ts'
import type { KeptEvent } from '../src/event.ts'
import { openBodies, readOrDamage } from './bodies.ts'
import type { Reader } from './open.ts'
import { inbox } from './schema.ts'

/** What handlers are given of an event, and where its body is. */
export const KEPT_COLUMNS = {
  seq: inbox.seq,
  source: inbox.source,
  eventId: inbox.eventId,
  type: inbox.type,
  key: inbox.key,
  contentType: inbox.contentType,
  receivedAt: inbox.receivedAt,
  chunkSeq: inbox.chunkSeq,
  bodyOffset: inbox.bodyOffset,
  bodyLength: inbox.bodyLength,
}

/** A single event as its handler needs it. */
export interface StoredKept extends KeptEvent {
  readonly headers: string | null
  /** Why its bytes cannot be read; its body is empty then. */
  readonly damage?: string
}

/** Reads single events as their handlers need them. */
export interface KeptEvents {
  /** Undefined where retention has taken it. */
  bySeq(seq: number): StoredKept | undefined
}

export function openKeptEvents(reader: Reader): KeptEvents {
  const bodies = openBodies(reader)
  const bySeq = reader.orm
    .select({ ...KEPT_COLUMNS, headers: inbox.headers })
    .from(inbox)
    .where(eq(inbox.seq, sql.placeholder('seq')))
    .prepare()
  return {
    bySeq(seq) {
      const row = bySeq.get({ seq })
      if (row === undefined) return undefined
      const { chunkSeq, bodyOffset, bodyLength, ...event } = row
      const place = { chunkSeq, bodyOffset, bodyLength }
      const { bytes, ...damage } = readOrDamage(() => bodies.read(place))
      // It was verified when it was stored.
      return { ...event, body: bytes as VerifiedBody, ...damage }
    },
  }
}
