import { Hono } from 'hono'
import { unreachable } from '../src/assert.ts'
import type { Caller } from '../src/caller.ts'
import type { Refused } from '../src/delivery.ts'
import type { Log } from '../src/log.ts'
import { attendWith, type AttendPorts, type VisitOf } from './attend.ts'
import { problem } from './problem.ts'
import { answerRefused, answerTurnedAway, tenths } from './refused.ts'

/** A request whose events are on disk: what the answer and the log say of it. */
interface Taken {
  readonly kind: 'accepted' | 'duplicate'
  readonly events: number
  readonly duplicates: number
  readonly eventId: string | undefined
  readonly type: string | undefined
  readonly handleMs: number
  readonly commitMs: number
}

type Outcome = Taken | { readonly kind: 'replayed'; readonly status: number }

export type VisitPort = VisitOf<Outcome>

export interface EventsPorts<Visit extends VisitPort> extends AttendPorts<Visit, Caller, Outcome> {
  readonly authenticate: (
    authorization: string | null,
  ) => { readonly kind: 'caller'; readonly caller: Caller } | Refused
}

/** What the log calls a request before its caller is known. */
const NOBODY = '(unknown caller)'

/** `POST /events`: the one door for first parties. */
export function eventsRoutes<Visit extends VisitPort>(
  ports: EventsPorts<Visit>,
): Hono<{ Bindings: { readonly peer: string } }> {
  const app = new Hono<{ Bindings: { readonly peer: string } }>()

  const attend = attendWith(ports, {
    partyOf(request) {
      const known = ports.authenticate(request.headers.get('authorization'))
      return known.kind === 'caller' ? known.caller : known
    },
    isProven: () => true,
    answer,
    logTaken,
  })

  app.post('/events', (c) => {
    const visit = ports.enter(c.req.raw, c.env)
    if (visit.kind === 'refused') return answerTurnedAway(visit)
    return attend(c.req.raw, visit, NOBODY)
  })
  app.all('/events', () =>
    problem('METHOD_NOT_ALLOWED', 'events are sent with POST', { allow: 'POST' }),
  )
  return app
}

const DUPLICATE = { 'inlet-duplicate': '1' }

function answer(outcome: Outcome | Refused): Response {
  switch (outcome.kind) {
    case 'accepted':
      return new Response(null, { status: 202 })
    case 'duplicate':
      // An empty batch is neither new nor known.
      return new Response(null, { headers: outcome.duplicates === 0 ? {} : DUPLICATE })
    case 'replayed': {
      const { status } = outcome
      const headers = { 'idempotency-replayed': 'true', ...(status === 200 ? DUPLICATE : {}) }
      return new Response(null, { status, headers })
    }
    case 'refused': {
      const { code, issues } = outcome
      // RFC 6750: every 401 says how to come in.
      const headers = code === 'TOKEN_REFUSED' ? { 'www-authenticate': 'Bearer' } : {}
      return answerRefused(outcome, headers, issues === undefined ? {} : { issues })
    }
    default:
      return unreachable(outcome)
  }
}

/** One wide line for each request. */
function logTaken(log: Log, caller: string, outcome: Outcome, totalMs: number): void {
  const line = { source: caller, outcome: outcome.kind }
  if (outcome.kind === 'replayed') {
    log.info('delivery.finished', { ...line, totalMs: tenths(totalMs) })
    return
  }
  const { eventId, type, events, duplicates } = outcome
  const timing = { handleMs: tenths(outcome.handleMs), commitMs: tenths(outcome.commitMs) }
  const counts = { events, duplicates }
  log.info('delivery.finished', {
    ...line,
    eventId,
    type,
    ...counts,
    ...timing,
    totalMs: tenths(totalMs),
  })
}
