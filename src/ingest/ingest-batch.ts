import type { Answer, Delivery, Refused, Verified, VerifiedBatch } from '../delivery.ts'
import type { EventState, NewEvent } from '../event.ts'
import { failpoint } from '../failpoint.ts'
import type { Source } from '../source.ts'
import { claimAll } from './claims.ts'
import { handle } from './handle.ts'
import type { IngestPorts } from './ingest.ts'
import { toNewEvent } from './new-event.ts'

/** A delivery of several events, all of which are on disk. */
export interface TakenBatch {
  readonly kind: 'split'
  readonly events: number
  /** Those of them that were stored before. */
  readonly duplicates: number
  /** Those of the new ones that are invalid, or whose handler failed. */
  readonly unhandled: number
  /** The new ones, by what became of them. */
  readonly states: Readonly<Record<EventState, number>>
  readonly handleMs: number
  readonly commitMs: number
  readonly answer: Answer | undefined
}

/**
 * Takes the events of one delivery: claim → handle → commit. Each has its own id, so that of a
 * delivery that is known in part the rest is stored; each has its own handler call, so that one
 * that fails takes no other along. What is new is stored together or not at all.
 */
export async function ingestBatch(
  batch: VerifiedBatch,
  delivery: Delivery,
  source: Source,
  ports: IngestPorts,
): Promise<TakenBatch | Refused> {
  const { answer, events } = batch
  const count = { kind: 'split', events: events.length, answer } as const
  // A provider that only asks whether somebody is there: nothing to store.
  if (events.length === 0) {
    return { ...count, duplicates: 0, unhandled: 0, states: NONE, handleMs: 0, commitMs: 0 }
  }
  failpoint('ingest.verified')
  const claims = await claimAll(ports.hint, source.name, events)
  failpoint('ingest.claimed')
  let stored = new Set<string>()
  try {
    if (claims.isClaimed && !source.neverRetries) return CLAIMED_ELSEWHERE
    const fresh = events.filter(({ eventId }) => !claims.done.has(eventId))
    const startedMs = ports.clock.monotonicMs()
    const handled = await Promise.all(
      fresh.map((verified) => handleOne(verified, batch, { delivery, source, ports })),
    )
    const handledMs = ports.clock.monotonicMs()
    const committed = handled.length === 0 ? [] : await ports.commitAll(handled)
    const isNew = committed.map(({ kind }) => kind === 'stored')
    stored = new Set(fresh.filter((_, at) => isNew[at]).map(({ eventId }) => eventId))
    const states = { ...NONE }
    for (const [at, { state }] of handled.entries()) if (isNew[at] === true) states[state] += 1
    return {
      ...count,
      duplicates: events.length - isNew.filter(Boolean).length,
      unhandled: states.invalid + states.failed,
      states,
      handleMs: handledMs - startedMs,
      commitMs: ports.clock.monotonicMs() - handledMs,
    }
  } finally {
    await claims.settle(stored)
    if (stored.size > 0) failpoint('ingest.done')
  }
}

interface Context {
  readonly delivery: Delivery
  readonly source: Source
  readonly ports: IngestPorts
}

async function handleOne(
  verified: Verified,
  { body }: VerifiedBatch,
  { delivery, source, ports }: Context,
): Promise<NewEvent> {
  const handled = await handle(verified, delivery, source, ports)
  return { ...toNewEvent(verified, handled, delivery), request: body }
}

const NONE: Readonly<Record<EventState, number>> = {
  accepted: 0,
  ignored: 0,
  invalid: 0,
  failed: 0,
}

const CLAIMED_ELSEWHERE = {
  kind: 'refused',
  code: 'CLAIMED_ELSEWHERE',
  detail: 'another node is storing an event of this delivery',
} as const satisfies Refused
