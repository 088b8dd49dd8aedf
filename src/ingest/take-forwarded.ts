/** The path of what an edge forwards, from the bytes that arrived to the rows on disk. */
import type { Clock } from '../clock.ts'
import type { Delivery, Refused } from '../delivery.ts'
import type { Committed, EventState, NewEvent } from '../event.ts'
import { readForwarded, type ForwardedEvent } from '../forwarded.ts'
import { RECEIPT_HEADER } from '../receipt.ts'
import type { Source } from '../source.ts'
import type { TakenBatch } from './ingest-batch.ts'
import { verify } from './verify.ts'

export interface TakeForwardedPorts {
  readonly clock: Clock
  /** Resolves once all events are on disk; rejects where none of them is. */
  readonly commitAll: (events: readonly NewEvent[]) => Promise<readonly Committed[]>
  /** What the edge is given for the bytes of its request, once their events are on disk. */
  readonly receiptFor: (body: Uint8Array) => string
  /** Is told of each event, once all of them are on disk. */
  readonly see: (event: ForwardedEvent, committed: Committed) => void
}

/**
 * Takes one request of an edge: verify → read → commit. The edge has verified, deduplicated and
 * handled these events: here they are stored as they came, together or not at all.
 *
 * An event that is here already is the same one: by source and id, and by the time at which the
 * edge received it, where the id is valid only for a while. So an edge may send again what it heard
 * no answer to, in batches that are cut in another way, and a provider may have delivered the same
 * event here. Redis is not asked: it says of each of these events that the edge has it.
 */
export async function takeForwarded(
  delivery: Delivery,
  edge: Source,
  ports: TakeForwardedPorts,
): Promise<TakenBatch | Refused> {
  const judged = await verify(delivery, edge)
  if (judged.kind === 'refused') return judged
  if (judged.kind !== 'verified' || judged.parsed.kind !== 'json') {
    return malformed('the body is no JSON document')
  }
  const read = readForwarded(judged.parsed.value)
  if (read.kind === 'malformed') return malformed(read.detail)
  const { events } = read
  const startedMs = ports.clock.monotonicMs()
  const committed = events.length === 0 ? [] : await ports.commitAll(events)
  const commitMs = ports.clock.monotonicMs() - startedMs
  const states: Record<EventState, number> = { accepted: 0, ignored: 0, invalid: 0, failed: 0 }
  let duplicates = 0
  for (const [at, event] of events.entries()) {
    const outcome = committed[at]
    if (outcome === undefined) continue
    ports.see(event, outcome)
    if (outcome.kind === 'stored') states[event.state] += 1
    else duplicates += 1
  }
  return {
    kind: 'split',
    events: events.length,
    duplicates,
    unhandled: states.invalid + states.failed,
    states,
    handleMs: 0,
    commitMs,
    answer: {
      status: events.length > duplicates ? 202 : 200,
      headers: { [RECEIPT_HEADER]: ports.receiptFor(delivery.body) },
      body: null,
    },
  }
}

function malformed(detail: string): Refused {
  return { kind: 'refused', code: 'REQUEST_MALFORMED', detail }
}
