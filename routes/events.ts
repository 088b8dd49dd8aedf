import { Hono } from 'hono'
import { unreachable } from '../src/assert.ts'
import type { Caller } from '../src/caller.ts'
import type { Clock } from '../src/clock.ts'
import type { Delivery, Refused } from '../src/delivery.ts'
import type { Log } from '../src/log.ts'
import type { Rejection } from '../src/rejection.ts'
import { problem } from './problem.ts'
import { answerRefused, logRefused, tenths, toRefusal } from './refused.ts'

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

type Outcome = Taken | { readonly kind: 'replayed'; readonly status: number } | Refused

/** A request that came in at the door, until it is answered. */
export interface VisitPort {
  readonly kind: 'visit'
  readonly client: string
  /** Undefined, or why it may not go on for this caller now. */
  toSource(name: string): Refused | undefined
  /** Counts how it ended against its sender, and returns what to answer. */
  settle(outcome: Outcome, isProven: boolean): Outcome
  /** Gives back what it held. */
  leave(): void
}

export interface EventsPorts<Visit extends VisitPort> {
  readonly clock: Clock
  readonly log: Log
  readonly logDeliveries: boolean
  /** Decides, before anything is read, whether a request comes in. */
  readonly enter: (request: Request, sender: { readonly peer: string }) => Visit | Refused
  readonly authenticate: (
    authorization: string | null,
  ) => { readonly kind: 'caller'; readonly caller: Caller } | Refused
  readonly receive: (
    request: Request,
    caller: string,
    visit: Visit,
  ) => Promise<({ readonly kind: 'received' } & Delivery) | Refused>
  readonly ingest: (delivery: Delivery, caller: Caller) => Promise<Outcome>
  /** Counts a request that is answered; without a caller where its token is nobody's. */
  readonly count: (caller: string | undefined, outcome: Outcome, totalMs: number) => void
  /** Keeps evidence of a request that is refused. */
  readonly reject: (rejection: Rejection) => void
}

/** Whose request it was, where that is known, and how it ended. */
type Answered = readonly [caller: string | undefined, Outcome]

/** What the log calls a request before its caller is known. */
const NOBODY = '(unknown caller)'

/** `POST /events`: the one door for first parties. */
export function eventsRoutes<Visit extends VisitPort>(
  ports: EventsPorts<Visit>,
): Hono<{ Bindings: { readonly peer: string } }> {
  const app = new Hono<{ Bindings: { readonly peer: string } }>()

  async function take(request: Request, visit: Visit): Promise<Answered> {
    const { client: address } = visit
    const known = ports.authenticate(request.headers.get('authorization'))
    if (known.kind === 'refused') {
      const settled = visit.settle(known, false)
      if (settled.kind === 'refused') ports.reject({ address, request, refused: settled })
      return [undefined, settled]
    }
    const { name } = known.caller
    const limited = visit.toSource(name)
    if (limited !== undefined) return [name, limited]
    const received = await ports.receive(request, name, visit)
    const isReceived = received.kind !== 'refused'
    const outcome = isReceived
      ? await ports.ingest(received, known.caller).catch(toRefusal)
      : received
    const settled = visit.settle(outcome, true)
    if (settled.kind === 'refused') {
      const body = isReceived ? received.body : undefined
      ports.reject({ source: name, address, request, body, refused: settled })
    }
    return [name, settled]
  }

  app.post('/events', async (c) => {
    const startedMs = ports.clock.monotonicMs()
    const visit = ports.enter(c.req.raw, c.env)
    if (visit.kind === 'refused') return answer(visit)
    try {
      const [caller, outcome] = await take(c.req.raw, visit)
      const totalMs = ports.clock.monotonicMs() - startedMs
      ports.count(caller, outcome, totalMs)
      if (outcome.kind !== 'refused') {
        if (ports.logDeliveries) logTaken(ports.log, caller ?? NOBODY, outcome, totalMs)
      } else if (outcome.isSummedUp !== true) {
        logRefused(ports.log, caller ?? NOBODY, outcome, totalMs)
      }
      return answer(outcome)
    } finally {
      visit.leave()
    }
  })
  app.all('/events', () =>
    problem('METHOD_NOT_ALLOWED', 'events are sent with POST', { allow: 'POST' }),
  )
  return app
}

const DUPLICATE = { 'inlet-duplicate': '1' }

function answer(outcome: Outcome): Response {
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
function logTaken(
  log: Log,
  caller: string,
  outcome: Exclude<Outcome, { readonly kind: 'refused' }>,
  totalMs: number,
): void {
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
