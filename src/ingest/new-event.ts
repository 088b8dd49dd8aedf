import type { Delivery, Verified } from '../delivery.ts'
import type { NewEvent } from '../event.ts'
import type { Handled } from './handle.ts'
import { keptHeaders } from './kept-headers.ts'

/** What is stored of a verified event, with what came of its handler. */
export function toNewEvent(verified: Verified, handled: Handled, delivery: Delivery): NewEvent {
  const { source, receivedAt } = delivery
  const { eventId, eventIdValidMs, type, key, contentType, body } = verified
  return {
    source,
    eventId,
    eventIdValidMs,
    type,
    key: key ?? eventId,
    contentType,
    headers: keptHeaders(delivery),
    receivedAt,
    body,
    ...handled,
  }
}
