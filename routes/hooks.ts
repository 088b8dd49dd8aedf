import { Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { unreachable } from '../src/assert.ts'
import type { Answer, Handshake, Refused } from '../src/delivery.ts'
import type { EventState } from '../src/event.ts'
import type { Log } from '../src/log.ts'
import type { Source } from '../src/source.ts'
import { attendWith, type AttendPorts, type VisitOf } from './attend.ts'
import { problem } from './problem.ts'
import { answerRefused, answerTurnedAway, tenths, toRefusal } from './refused.ts'

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

export type VisitPort = VisitOf<Outcome>

export interface HooksPorts<Visit extends VisitPort> extends AttendPorts<Visit, Source, Outcome> {
  readonly source: (name: string) => Source | undefined
}

const UNKNOWN_SOURCE = {
  kind: 'refused',
  code: 'SOURCE_UNKNOWN',
  detail: 'no source of this name is configured',
} as const satisfies Refused

const UNKNOWN_ROUTE = {
  kind: 'refused',
  code: 'ROUTE_UNKNOWN',
  detail: 'there is POST /hooks/<source>, and POST /events for CloudEvents',
} as const satisfies Refused

/** Of what strangers ask for, as much as tells a slash too many from a wrong name. */
const PATH_CHARS_MAX = 128

/** What `fetch` is given beside the request. */
export interface HooksBindings {
  /** The address at the other end of the connection. */
  readonly peer: string
}

/**
 * Answers one request to `/hooks/<source>`. No promise where it is turned away at the door: Bun
 * answers those in half the time, and they are most frequent under overload.
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
  const attend = attendWith(ports, {
    partyOf: (_, name) => ports.source(name) ?? asked(UNKNOWN_SOURCE, `/hooks/${name}`),
    isProven: ({ unsigned }, { kind }) => kind !== 'refused' && !unsigned,
    answer,
    logTaken,
  })

  return (request, arrival) => {
    const visit = ports.enter(request, arrival)
    if (visit.kind === 'refused') return answerTurnedAway(visit)
    return attend(request, visit, arrival.parameters.source ?? '')
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
  app.onError((error) => {
    ports.onBug(error)
    return answerRefused(toRefusal(error))
  })
  const attendNowhere = attendWith(ports, {
    partyOf: (request): Refused => asked(UNKNOWN_ROUTE, getPath(request)),
    isProven: () => false,
    answer,
    logTaken,
  })
  app.notFound((c) => {
    const { raw } = c.req
    const visit = ports.enter(raw, c.env)
    if (visit.kind === 'refused') return answerTurnedAway(visit)
    return attendNowhere(raw, visit, '(no source)')
  })
  return app
}

/** Who registers a webhook under a wrong path finds it in the log and in `inlet rejected`. */
function asked(refused: Refused, path: string): Refused {
  return { ...refused, cause: `${refused.detail}: not ${path.slice(0, PATH_CHARS_MAX)}` }
}

const NOT_ALLOWED = () =>
  problem('METHOD_NOT_ALLOWED', 'webhooks are sent with POST', { allow: 'POST' })

const DUPLICATE = { 'inlet-duplicate': '1' }
const ACCEPTED: Answer = { status: 202, headers: {}, body: null }
const KNOWN: Answer = { status: 200, headers: {}, body: null }
const BARE = { status: 202 }

function answer(outcome: Outcome | Refused): Response {
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
function logTaken(log: Log, source: string, outcome: Outcome, totalMs: number): void {
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
    default:
      unreachable(kind)
  }
}
