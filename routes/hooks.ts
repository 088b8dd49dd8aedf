import { Hono } from 'hono'
import { unreachable } from '../src/assert.ts'
import type { Clock } from '../src/clock.ts'
import type { Answer, Delivery, Handshake, Refused } from '../src/delivery.ts'
import type { EventState } from '../src/event.ts'
import type { Log } from '../src/log.ts'
import type { Rejection } from '../src/rejection.ts'
import type { Source } from '../src/source.ts'
import { problem } from './problem.ts'
import { answerRefused, answerTurnedAway, logRefused, tenths, toRefusal } from './refused.ts'

/** A delivery that was taken: what the answer and the log say of it. */
interface Taken {
  readonly eventId: string
  readonly type: string
  readonly reason: string | null
  readonly handleMs: number
  readonly commitMs: number
  readonly answer: Answer | undefined
}

/** A delivery of several events that were taken. */
interface TakenBatch extends Pick<Taken, 'handleMs' | 'commitMs' | 'answer'> {
  readonly kind: 'split'
  readonly events: number
  readonly duplicates: number
  readonly unhandled: number
  readonly states: Readonly<Record<EventState, number>>
}

type Outcome =
  | ({ readonly kind: 'accepted'; readonly seq: number; readonly state: EventState } & Taken)
  | ({ readonly kind: 'duplicate'; readonly sameBody: boolean } & Taken)
  | TakenBatch
  | Handshake
  | Refused

/** A request that came in at the door, until it is answered. */
export interface VisitPort {
  readonly kind: 'visit'
  readonly client: string
  /** Undefined, or why it may not go on to this source now. */
  toSource(name: string): Refused | undefined
  /** Counts how it ended against its sender, and returns what to answer. */
  settle(outcome: Outcome, isProven: boolean): Outcome
  /** Gives back what it held. */
  leave(): void
}

export interface HooksPorts<Visit extends VisitPort> {
  readonly clock: Clock
  readonly log: Log
  readonly logDeliveries: boolean
  readonly source: (name: string) => Source | undefined
  /** Decides, before anything is read, whether a request comes in. */
  readonly enter: (request: Request, sender: { readonly peer: string }) => Visit | Refused
  readonly receive: (
    request: Request,
    source: string,
    visit: Visit,
  ) => Promise<({ readonly kind: 'received' } & Delivery) | Refused>
  readonly ingest: (delivery: Delivery, source: Source) => Promise<Outcome>
  /** Counts a request that is answered; without a source where none of its name is configured. */
  readonly count: (source: string | undefined, outcome: Outcome, totalMs: number) => void
  /** Keeps evidence of a request that is refused. */
  readonly reject: (rejection: Rejection) => void
}

const UNKNOWN_SOURCE = {
  kind: 'refused',
  code: 'SOURCE_UNKNOWN',
  detail: 'no source of this name is configured',
} as const satisfies Refused

/** What `fetch` is given beside the request. */
export interface HooksBindings {
  /** The address at the other end of the connection. */
  readonly peer: string
}

/**
 * Answers one request to `/hooks/<source>`. No promise where it is turned away at the door: that
 * takes Bun half of the time, and there are most of these when there is least.
 */
export type AnswerDelivery = (request: Request, arrival: Arrival) => Response | Promise<Response>

/** Where a delivery came from, and to which source: not asked for where it is turned away. */
interface Arrival extends HooksBindings {
  readonly parameters: { readonly source?: string }
}

/** The path that deliveries come to, with their source as a parameter. */
export const HOOKS_PATH = '/hooks/:source'

/**
 * What every delivery goes through. A function of its own, so that a server which finds routes
 * itself needs no second look for this one.
 */
export function answerDeliveries<Visit extends VisitPort>(
  ports: HooksPorts<Visit>,
): AnswerDelivery {
  async function take(request: Request, name: string, visit: Visit): Promise<Outcome> {
    const source = ports.source(name)
    const { client: address } = visit
    if (source === undefined) {
      const settled = visit.settle(UNKNOWN_SOURCE, false)
      if (settled.kind === 'refused') ports.reject({ address, request, refused: settled })
      return settled
    }
    const limited = visit.toSource(source.name)
    if (limited !== undefined) return limited
    const received = await ports.receive(request, source.name, visit)
    const isReceived = received.kind !== 'refused'
    let outcome: Outcome
    try {
      outcome = isReceived ? await ports.ingest(received, source) : received
    } catch (error) {
      outcome = toRefusal(error)
    }
    const settled = visit.settle(outcome, outcome.kind !== 'refused' && !source.unsigned)
    if (settled.kind === 'refused') {
      const body = isReceived ? received.body : undefined
      ports.reject({ source: source.name, address, request, body, refused: settled })
    }
    return settled
  }

  async function attend(request: Request, name: string, visit: Visit): Promise<Response> {
    const startedMs = ports.clock.monotonicMs()
    let outcome: Outcome
    try {
      outcome = await take(request, name, visit)
    } catch (error) {
      outcome = toRefusal(error)
    } finally {
      visit.leave()
    }
    const totalMs = ports.clock.monotonicMs() - startedMs
    ports.count(ports.source(name)?.name, outcome, totalMs)
    const isLogged = outcome.kind === 'refused' ? outcome.isSummedUp !== true : ports.logDeliveries
    if (isLogged) logDelivery(ports.log, name, outcome, totalMs)
    return answer(outcome)
  }

  return (request, arrival) => {
    const visit = ports.enter(request, arrival)
    if (visit.kind === 'refused') return answerTurnedAway(visit)
    return attend(request, arrival.parameters.source ?? '', visit)
  }
}

/**
 * `/hooks/:source`: the one door for third parties. Deliveries come with POST; other methods are
 * taken only where the source's provider probes its endpoint with them.
 */
export function hooksRoutes<Visit extends VisitPort>(
  ports: HooksPorts<Visit>,
  answerDelivery: AnswerDelivery = answerDeliveries(ports),
): Hono<{ Bindings: HooksBindings }> {
  const app = new Hono<{ Bindings: HooksBindings }>()

  function isProbeMethod(name: string, method: string): boolean {
    return ports.source(name)?.methods.includes(method) ?? false
  }

  app.all(HOOKS_PATH, (c) => {
    const { method } = c.req.raw
    const name = c.req.param('source')
    if (method !== 'POST' && !isProbeMethod(name, method)) return NOT_ALLOWED()
    return answerDelivery(c.req.raw, { peer: c.env.peer, parameters: { source: name } })
  })
  app.notFound(() =>
    problem('ROUTE_UNKNOWN', 'there is POST /hooks/<source>, and POST /events for CloudEvents'),
  )
  return app
}

const NOT_ALLOWED = () =>
  problem('METHOD_NOT_ALLOWED', 'webhooks are sent with POST', { allow: 'POST' })

const DUPLICATE = { 'inlet-duplicate': '1' }
const ACCEPTED: Answer = { status: 202, headers: {}, body: null }
const KNOWN: Answer = { status: 200, headers: {}, body: null }
const BARE = { status: 202 }

function answer(outcome: Outcome): Response {
  switch (outcome.kind) {
    case 'accepted':
      return outcome.answer === undefined ? new Response(null, BARE) : respond(outcome.answer)
    case 'duplicate':
      return respond(outcome.answer ?? KNOWN, DUPLICATE)
    case 'split': {
      // One without events is neither new nor known.
      const { events, duplicates } = outcome
      if (events > duplicates) return respond(outcome.answer ?? ACCEPTED)
      return respond(outcome.answer ?? KNOWN, events === 0 ? {} : DUPLICATE)
    }
    case 'handshake':
      // A reflected challenge must never run as a page.
      return respond(outcome.answer, { 'x-content-type-options': 'nosniff' })
    case 'refused':
      return answerRefused(outcome)
    default:
      return unreachable(outcome)
  }
}

function respond(
  { status, headers, body }: Answer,
  further: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, { status, headers: { ...headers, ...further } })
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
      const level = state === 'invalid' || state === 'failed' ? 'warn' : 'info'
      log[level]('delivery.finished', {
        source,
        outcome: kind,
        eventId,
        type,
        state,
        sameBody: kind === 'duplicate' ? outcome.sameBody : undefined,
        reason: reason ?? undefined,
        handleMs: tenths(outcome.handleMs),
        commitMs: tenths(outcome.commitMs),
        totalMs: tenths(totalMs),
      })
      return
    }
    case 'split': {
      const { events, duplicates, unhandled } = outcome
      const timing = { handleMs: tenths(outcome.handleMs), commitMs: tenths(outcome.commitMs) }
      const line = { source, outcome: kind, events, duplicates, unhandled }
      const level = unhandled > 0 ? 'warn' : 'info'
      log[level]('delivery.finished', { ...line, ...timing, totalMs: tenths(totalMs) })
      return
    }
    case 'handshake':
      log.info('delivery.finished', {
        source,
        outcome: kind,
        name: outcome.name,
        totalMs: tenths(totalMs),
      })
      return
    case 'refused':
      logRefused(log, source, outcome, totalMs)
      return
    default:
      unreachable(kind)
  }
}
