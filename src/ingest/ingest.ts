/** The path of one delivery, from the bytes that arrived to the row on disk. */
import type { Clock } from '../clock.ts'
import type { Delivery, Handshake, Refused } from '../delivery.ts'
import type { Committed, EventState, NewEvent } from '../event.ts'
import type { Source } from '../source.ts'
import { handle } from './handle.ts'
import { keptHeaders } from './kept-headers.ts'

/** What the shared hint knows about an event id. Never the truth: the database is. */
export interface ClaimPort {
  /** `mine` and `skipped` go on, `claimed` and `done` belong to another node. */
  claim(source: string, eventId: string): Promise<Claim>
  done(claim: Claim): Promise<void>
  release(claim: Claim): Promise<void>
}
interface Claim {
  readonly kind: 'mine' | 'skipped' | 'claimed' | 'done'
}

export interface IngestPorts {
  readonly clock: Clock
  readonly hint: ClaimPort
  /** Resolves once the event is on disk; rejects with a GatewayError where it is not. */
  readonly commit: (event: NewEvent) => Promise<Committed>
  readonly handlerMsMax: number
}

/** How a delivery ended; routes/hooks.ts maps it to HTTP. */
export type Outcome =
  | ({ readonly kind: 'accepted'; readonly seq: number; readonly state: EventState } & Trace)
  | ({ readonly kind: 'duplicate'; readonly sameBody: boolean } & Trace)
  | Handshake
  | Refused

/** What the log says about a delivery that was taken. */
interface Trace {
  readonly eventId: string
  readonly type: string
  /** Why the event is stored but not accepted; null where it is. */
  readonly reason: string | null
  readonly handleMs: number
  readonly commitMs: number
}

/** Takes one delivery: verify → claim → handle → commit. Nothing is acknowledged before it is on disk. */
export async function ingest(
  delivery: Delivery,
  source: Source,
  ports: IngestPorts,
): Promise<Outcome> {
  const verified = source.verify(delivery)
  if (verified.kind !== 'verified') return verified
  const { eventId, type } = verified

  const claim = await ports.hint.claim(source.name, eventId)
  if (claim.kind === 'claimed') return CLAIMED_ELSEWHERE
  if (claim.kind === 'done') {
    return { kind: 'duplicate', sameBody: true, eventId, type, reason: null, handleMs: 0, commitMs: 0 }
  }

  const startedMs = ports.clock.monotonicMs()
  const handled = await handle(verified, delivery, source, ports)
  const handledMs = ports.clock.monotonicMs()
  const committed = await commitClaimed(claim, ports, {
    source: source.name,
    eventId,
    eventIdValidMs: verified.eventIdValidMs,
    type,
    key: verified.key ?? eventId,
    contentType: verified.contentType,
    headers: keptHeaders(delivery.headers),
    receivedAt: delivery.receivedAt,
    body: verified.body,
    ...handled,
  })
  const trace = {
    eventId,
    type,
    reason: handled.reason,
    handleMs: handledMs - startedMs,
    commitMs: ports.clock.monotonicMs() - handledMs,
  }
  return committed.kind === 'stored'
    ? { kind: 'accepted', seq: committed.seq, state: handled.state, ...trace }
    : { kind: 'duplicate', sameBody: committed.sameBody, ...trace }
}

const CLAIMED_ELSEWHERE = {
  kind: 'refused',
  code: 'CLAIMED_ELSEWHERE',
  detail: 'a redelivery of this event is already being stored',
} as const satisfies Refused

/** Commits, then tells the other nodes: done once it is on disk, free again where it is not. */
async function commitClaimed(
  claim: Claim,
  ports: IngestPorts,
  event: NewEvent,
): Promise<Committed> {
  try {
    const committed = await ports.commit(event)
    await ports.hint.done(claim)
    return committed
  } catch (error) {
    await ports.hint.release(claim)
    throw error
  }
}
