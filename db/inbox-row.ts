import type { NewEvent } from '../src/event.ts'

/** What an event is not told itself: its number, and where its body stands. */
interface RowPlace {
  readonly seq: number
  readonly chunkSeq: number
  readonly bodyOffset: number
  readonly bodyHash: number
}

/** The row of the inbox that a new event becomes. */
export function toInboxRow(event: NewEvent, place: RowPlace) {
  const { eventIdValidMs, receivedAt } = event
  return {
    ...place,
    receivedAt,
    state: event.state,
    source: event.source,
    eventId: event.eventId,
    type: event.type,
    key: event.key,
    contentType: event.contentType,
    headers: event.headers,
    reason: event.reason,
    bodyLength: event.body.byteLength,
    idValidUntil: eventIdValidMs === undefined ? null : receivedAt + eventIdValidMs,
  }
}
