import { Hono } from 'hono'
import { unreachable } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'
import type { Delivery, Handshake, Refused } from '../src/delivery.ts'
import { FAULTS, GatewayError, messageOf, type FaultCode } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import type { Source } from '../src/source.ts'
import { problem } from './problem.ts'

/** A delivery that was taken: what the answer and the log say of it. */
interface Taken {
  readonly eventId: string
  readonly type: string
  readonly reason: string | null
  readonly handleMs: number
  readonly commitMs: number
}

type Outcome =
  | ({ readonly kind: 'accepted'; readonly seq: number; readonly state: string } & Taken)
  | ({ readonly kind: 'duplicate'; readonly sameBody: boolean } & Taken)
  | Handshake
  | Refused

export interface HooksPorts {
  readonly clock: Clock
  readonly log: Log
  readonly logDeliveries: boolean
  readonly source: (name: string) => Source | undefined
  readonly receive: (
    request: Request,
    source: string,
  ) => Promise<({ readonly kind: 'received' } & Delivery) | Refused>
  readonly ingest: (delivery: Delivery, source: Source) => Promise<Outcome>
}

const UNKNOWN_SOURCE = {
  kind: 'refused',
  code: 'SOURCE_UNKNOWN',
  detail: 'no source of this name is configured',
} as const satisfies Refused

/** `POST /hooks/:source`: the one door for third parties. */
export function hooksRoutes(ports: HooksPorts): Hono {
  const app = new Hono()

  async function take(request: Request, name: string): Promise<Outcome> {
    const source = ports.source(name)
    if (source === undefined) return UNKNOWN_SOURCE
    const received = await ports.receive(request, source.name)
    return received.kind === 'refused' ? received : ports.ingest(received, source)
  }

  app.post('/hooks/:source', async (c) => {
    const startedMs = ports.clock.monotonicMs()
    const name = c.req.param('source')
    const outcome = await take(c.req.raw, name).catch(toRefusal)
    if (ports.logDeliveries || outcome.kind === 'refused') {
      logDelivery(ports.log, name, outcome, ports.clock.monotonicMs() - startedMs)
    }
    return answer(outcome)
  })
  app.all('/hooks/:source', () =>
    problem('METHOD_NOT_ALLOWED', 'webhooks are sent with POST', { allow: 'POST' }),
  )
  app.notFound(() => problem('ROUTE_UNKNOWN', 'webhooks are taken at POST /hooks/<source>'))
  return app
}

/**
 * Our own failure is never the sender's fault: whatever was thrown, the event is not stored, and
 * it may come again.
 */
function toRefusal(error: unknown): Refused & { readonly cause: string } {
  const code: FaultCode = error instanceof GatewayError ? error.code : 'STORAGE_FAILED'
  return {
    kind: 'refused',
    code,
    detail: 'the event is not stored: send it again',
    cause: messageOf(error),
  }
}

const DUPLICATE = { 'inlet-duplicate': '1' }

function answer(outcome: Outcome): Response {
  switch (outcome.kind) {
    case 'accepted':
      return new Response(null, { status: 202 })
    case 'duplicate':
      return new Response(null, { status: 200, headers: DUPLICATE })
    case 'handshake':
      return new Response(outcome.body, {
        status: outcome.status,
        // A reflected challenge must never run as a page.
        headers: { 'content-type': outcome.contentType, 'x-content-type-options': 'nosniff' },
      })
    case 'refused':
      return problem(outcome.code, outcome.detail)
    default:
      return unreachable(outcome)
  }
}

/** One wide line for each delivery: everything an operator asks first, no bodies, no secrets. */
function logDelivery(
  log: Log,
  source: string,
  outcome: Outcome & { readonly cause?: string },
  totalMs: number,
): void {
  const { kind } = outcome
  switch (kind) {
    case 'accepted':
    case 'duplicate': {
      const { eventId, type, reason } = outcome
      const state = kind === 'accepted' ? outcome.state : undefined
      const sameBody = kind === 'duplicate' ? outcome.sameBody : undefined
      const timing = { handleMs: tenths(outcome.handleMs), commitMs: tenths(outcome.commitMs) }
      const line = {
        source,
        outcome: kind,
        eventId,
        type,
        state,
        sameBody,
        reason: reason ?? undefined,
      }
      const level = reason === null ? 'info' : 'warn'
      log[level]('delivery.finished', { ...line, ...timing, totalMs: tenths(totalMs) })
      return
    }
    case 'handshake':
      log.info('delivery.finished', { source, outcome: kind, totalMs: tenths(totalMs) })
      return
    case 'refused': {
      const { code, detail, cause } = outcome
      const { hint, status } = FAULTS[code]
      const line = {
        source: source.slice(0, 64),
        outcome: kind,
        code,
        status,
        detail: cause ?? detail,
        hint,
      }
      log[status >= 500 ? 'error' : 'warn']('delivery.finished', {
        ...line,
        totalMs: tenths(totalMs),
      })
      return
    }
    default:
      unreachable(kind)
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
