/** The path of one delivery, from the bytes that arrived to the row on disk. */
import type { Clock } from '../clock.ts'
import type { Answer, Delivery, Handshake, Refused } from '../delivery.ts'
import type { Committed, EventState, NewEvent } from '../event.ts'
import { failpoint } from '../failpoint.ts'
import type { RecordLimits } from '../handler-result.ts'
import type { Source } from '../source.ts'
import { handle } from './handle.ts'
import { takeHandshake, type ProbePorts } from './handshake.ts'
import { ingestBatch, type TakenBatch } from './ingest-batch.ts'
import { toNewEvent } from './new-event.ts'
import { verify } from './verify.ts'

/** What other nodes say of an event id. Never the truth: the database is. */
export interface HintPort {
  /** `mine` and `skipped` go on, `claimed` and `done` belong to another node. */
  claim(
    source: string,
    eventId: string,
    validMs?: number,
  ): Mine | Elsewhere | Promise<Mine | Elsewhere>
  /** The event of this claim is on disk, stored by this delivery. */
  done(claim: Mine): Promise<void>
  /** Nothing was stored by this delivery. */
  release(claim: Mine): Promise<void>
}
interface Mine {
  readonly kind: 'mine'
}
interface Elsewhere {
  readonly kind: 'skipped' | 'claimed' | 'done'
}

export interface IngestPorts {
  readonly clock: Clock
  readonly hint: HintPort
  /** Resolves once the event is on disk; rejects with a GatewayError where it is not. */
  readonly commit: (event: NewEvent) => Promise<Committed>
  /** The same for all events of a request: stored together or not at all. */
  readonly commitAll: (events: readonly NewEvent[]) => Promise<readonly Committed[]>
  readonly handlerMsMax: number
  /** See `HandlePorts`. */
  readonly recordLimits?: RecordLimits | undefined
  readonly probes: ProbePorts
}

/** How a delivery ended; routes/hooks.ts maps it to HTTP. */
export type Outcome =
  | ({ readonly kind: 'accepted'; readonly seq: number; readonly state: EventState } & Taken)
  | ({ readonly kind: 'duplicate'; readonly sameBody: boolean } & Taken)
  | TakenBatch
  | Handshake
  | Refused

/** What the log says about a delivery that was taken. */
interface Taken {
  readonly eventId: string
  readonly type: string
  /** Why the event is stored but not accepted; null where it is. */
  readonly reason: string | null
  readonly handleMs: number
  readonly commitMs: number
  /** What the provider demands to be answered; undefined: nothing. */
  readonly answer: Answer | undefined
}

/**
 * Takes one delivery: verify → claim → handle → commit. Nothing is acknowledged before
 * it is on disk. What is known at once is not waited for: nearly every delivery waits for the
 * commit alone.
 */
export async function ingest(
  delivery: Delivery,
  source: Source,
  ports: IngestPorts,
): Promise<Outcome> {
  const judged = verify(delivery, source)
  const verified = judged instanceof Promise ? await judged : judged
  if (verified.kind === 'batch') return ingestBatch(verified, delivery, source, ports)
  if (verified.kind === 'handshake') return takeHandshake(verified, source, ports.probes)
  if (verified.kind === 'refused') return verified
  const { eventId, type, answer } = verified
  failpoint('ingest.verified')

  const claimed = ports.hint.claim(source.name, eventId, verified.eventIdValidMs)
  const claim = claimed instanceof Promise ? await claimed : claimed
  failpoint('ingest.claimed')
  // Who never sends again would be lost to a node that dies with its claim: better stored twice.
  if (claim.kind === 'claimed' && !source.neverRetries) return CLAIMED_ELSEWHERE
  if (claim.kind === 'done') {
    return {
      kind: 'duplicate',
      sameBody: true,
      eventId,
      type,
      reason: null,
      handleMs: 0,
      commitMs: 0,
      answer,
    }
  }

  let isStored = false
  try {
    const startedMs = ports.clock.monotonicMs()
    const handling = handle(verified, delivery, source, ports)
    const handled = handling instanceof Promise ? await handling : handling
    const handledMs = ports.clock.monotonicMs()
    const committed = await ports.commit(toNewEvent(verified, handled, delivery))
    isStored = committed.kind === 'stored'
    const trace = {
      eventId,
      type,
      reason: handled.reason,
      handleMs: handledMs - startedMs,
      commitMs: ports.clock.monotonicMs() - handledMs,
      answer,
    }
    return committed.kind === 'stored'
      ? { kind: 'accepted', seq: committed.seq, state: handled.state, ...trace }
      : { kind: 'duplicate', sameBody: committed.sameBody, ...trace }
  } finally {
    if (claim.kind === 'mine') await endClaim(claim, isStored, ports.hint)
  }
}

const CLAIMED_ELSEWHERE = {
  kind: 'refused',
  code: 'CLAIMED_ELSEWHERE',
  detail: 'a redelivery of this event is already being stored',
} as const satisfies Refused

/** Tells other nodes: done once it is on disk, free again where this delivery stored nothing. */
async function endClaim(claim: Mine, isStored: boolean, hint: HintPort): Promise<void> {
  await (isStored ? hint.done(claim) : hint.release(claim))
  if (isStored) failpoint('ingest.done')
}
