import type { Clock, EpochMs } from '../clock.ts'
import type { Delivery } from '../delivery.ts'
import { FAULTS, GatewayError, type FaultCode } from '../faults/faults.ts'
import { randomSpanId, randomToken } from '../ids.ts'
import { parseTraceparent, TRACEPARENT } from '../trace-context.ts'
import type { Sampler } from './sampler.ts'
import { SPAN_KIND, type Emit, type Span } from './span.ts'

export interface DeliveriesPorts {
  readonly clock: Clock
  readonly sampler: Sampler
  readonly emit: Emit
}

/** How a delivery ended, as far as its spans say so. */
export type TracedOutcome =
  | Taken
  | { readonly kind: 'handshake' | 'replayed' }
  | { readonly kind: 'refused'; readonly code: FaultCode }

interface Taken {
  readonly kind: 'accepted' | 'duplicate' | 'split'
  readonly seq?: number
  readonly state?: string
  readonly eventId?: string | undefined
  readonly type?: string | undefined
  readonly events?: number
  /** Why there are no records, after the code of a fault; null where there are some. */
  readonly reason?: string | null
  readonly handleMs: number
  readonly commitMs: number
}

/** Takes a delivery that came to `origin`: a source, or a caller of /events. */
export type Ingest<Origin, Outcome> = (delivery: Delivery, origin: Origin) => Promise<Outcome>

/** What `messaging.system` says of deliveries: no broker brings them. */
export type System = 'webhook' | 'cloudevents'

/**
 * Traces what `ingest` does: the delivery, with its handler and its commit below it. The event is
 * stored with the delivery's span, so that its records continue the trace whenever they go out.
 *
 * What is refused leaves no trace unless the fault is ours: anybody could fill the collector.
 */
export function traceDeliveries<Origin extends { readonly name: string }, O extends TracedOutcome>(
  system: System,
  ingest: Ingest<Origin, O>,
  { clock, sampler, emit }: DeliveriesPorts,
): Ingest<Origin, O> {
  return async (delivery, origin) => {
    const parent = parseTraceparent(delivery.headers.get(TRACEPARENT))
    const traceId = parent?.traceId ?? randomToken()
    if (!sampler(traceId, parent)) return ingest(delivery, origin)

    const trace = { traceId, spanId: randomSpanId(), isSampled: true }
    // The body has arrived by now: its way is part of the delivery.
    const receivedMs = clock.monotonicMs() - (clock.now() - delivery.receivedAt)
    function end(outcome: TracedOutcome): void {
      const ms = clock.monotonicMs() - receivedMs
      const startedAt = delivery.receivedAt
      const attributes = describe(system, origin.name, delivery, outcome)
      const common = { traceId, startedAt, ms, kind: SPAN_KIND.internal, attributes: {} } as const
      if (isTaken(outcome)) emitSteps(outcome, { ...common, parentSpanId: trace.spanId }, emit)
      emit({
        ...common,
        spanId: trace.spanId,
        parentSpanId: parent?.spanId,
        name: `process ${origin.name}`,
        kind: SPAN_KIND.consumer,
        attributes,
        error: outcome.kind === 'refused' ? FAULTS[outcome.code].title : undefined,
      })
    }
    try {
      const outcome = await ingest({ ...delivery, trace }, origin)
      if (outcome.kind !== 'refused' || FAULTS[outcome.code].status >= 500) end(outcome)
      return outcome
    } catch (error) {
      end({ kind: 'refused', code: error instanceof GatewayError ? error.code : 'GATEWAY_BUG' })
      throw error
    }
  }
}

function isTaken(outcome: TracedOutcome): outcome is Taken {
  return 'commitMs' in outcome
}

/** What the handlers and the commit took; of a delivery that another node has stored, neither. */
function emitSteps(
  { handleMs, commitMs, state, reason }: Taken,
  common: Omit<Span, 'name' | 'spanId'>,
  emit: Emit,
): void {
  if (commitMs === 0) return
  const endedAt: EpochMs = common.startedAt + common.ms
  const handledAt = endedAt - commitMs
  const isUnhandled = state === 'failed' || state === 'invalid'
  emit({
    ...common,
    spanId: randomSpanId(),
    name: 'handle',
    startedAt: handledAt - handleMs,
    ms: handleMs,
    attributes: { 'inlet.state': state, 'error.type': isUnhandled ? codeOf(reason) : undefined },
    error: isUnhandled ? (reason ?? state) : undefined,
  })
  emit({ ...common, spanId: randomSpanId(), name: 'commit', startedAt: handledAt, ms: commitMs })
}

function codeOf(reason: string | null | undefined): string | undefined {
  return reason?.split(':', 1)[0]
}

function describe(
  system: System,
  name: string,
  { body }: Delivery,
  outcome: TracedOutcome,
): Span['attributes'] {
  const taken = isTaken(outcome) ? outcome : undefined
  return {
    'messaging.system': system,
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': name,
    'messaging.message.id': taken?.eventId,
    'messaging.message.body.size': body.byteLength,
    'messaging.batch.message_count': taken?.eventId === undefined ? taken?.events : undefined,
    'cloudevents.event_type': taken?.type,
    'inlet.outcome': outcome.kind,
    'inlet.seq': taken?.seq,
    'error.type': outcome.kind === 'refused' ? outcome.code : undefined,
  }
}
