/** What a request goes through that came in at the door: the same for third and first parties. */
import type { Clock } from '../src/clock.ts'
import type { Delivery, Refused } from '../src/delivery.ts'
import { GatewayError } from '../src/faults/faults.ts'
import type { Log } from '../src/log.ts'
import type { Rejection } from '../src/rejection.ts'
import { logRefused, toRefusal } from './refused.ts'

/** A request that came in at the door, until it is answered. */
export interface VisitOf<Outcome> {
  readonly kind: 'visit'
  readonly client: string
  /** Undefined, or why it may not go on to this source, or for this caller, now. */
  toSource(name: string): Refused | undefined
  /** Counts how it ended against its sender, and returns what to answer. */
  settle(outcome: Outcome | Refused, isProven: boolean): Outcome | Refused
  /** Gives back what it held. */
  leave(): void
}

/** A source, or a caller. */
interface Named {
  readonly name: string
  readonly kind?: undefined
}

/** What both doors are given. */
export interface AttendPorts<Visit, Party, Outcome> {
  readonly clock: Clock
  readonly log: Log
  readonly logDeliveries: boolean
  /** Decides, before anything is read, whether a request comes in. */
  readonly enter: (request: Request, sender: { readonly peer: string }) => Visit | Refused
  readonly receive: (
    request: Request,
    party: string,
    visit: Visit,
  ) => Promise<({ readonly kind: 'received' } & Delivery) | Refused>
  readonly ingest: (delivery: Delivery, party: Party) => Promise<Outcome | Refused>
  /** Counts a request that is answered; without a name where nobody is configured by it. */
  readonly count: (party: string | undefined, outcome: Outcome | Refused, totalMs: number) => void
  /** Keeps evidence of a request that is refused. */
  readonly reject: (rejection: Rejection) => void
  /** Is told what was thrown and has no name among the faults. */
  readonly onBug: (error: unknown) => void
}

/** What each of the doors does in its own way. */
export interface Manners<Party, Outcome> {
  /** Whose request it is, or why it is nobody's. */
  readonly partyOf: (request: Request, name: string) => Party | Refused
  /** Whether this outcome proves who has sent it. */
  readonly isProven: (party: Party, outcome: Outcome | Refused) => boolean
  readonly answer: (outcome: Outcome | Refused) => Response
  readonly logTaken: (log: Log, name: string, outcome: Outcome, totalMs: number) => void
}

/** Answers a request that came in; `name` is what the log calls it while it is nobody's. */
export type Attend<Visit> = (request: Request, visit: Visit, name: string) => Promise<Response>

export function attendWith<
  Visit extends VisitOf<Outcome>,
  Party extends Named,
  Outcome extends { readonly kind: string },
>(ports: AttendPorts<Visit, Party, Outcome>, manners: Manners<Party, Outcome>): Attend<Visit> {
  const { clock, log } = ports

  function failed(error: unknown): Refused {
    if (!(error instanceof GatewayError)) ports.onBug(error)
    return toRefusal(error)
  }

  function turnAway(request: Request, refused: Refused, visit: Visit): Outcome | Refused {
    const settled = visit.settle(refused, false)
    if (isRefused(settled)) ports.reject({ address: visit.client, request, refused: settled })
    return settled
  }

  async function take(request: Request, party: Party, visit: Visit): Promise<Outcome | Refused> {
    const { name: source } = party
    const limited = visit.toSource(source)
    if (limited !== undefined) return limited
    const received = await ports.receive(request, source, visit)
    const isReceived = received.kind !== 'refused'
    let outcome: Outcome | Refused
    try {
      outcome = isReceived ? await ports.ingest(received, party) : received
    } catch (error) {
      outcome = failed(error)
    }
    const settled = visit.settle(outcome, manners.isProven(party, outcome))
    if (isRefused(settled)) {
      const body = isReceived ? received.body : undefined
      ports.reject({ source, address: visit.client, request, body, refused: settled })
    }
    return settled
  }

  return async (request, visit, name) => {
    const startedMs = clock.monotonicMs()
    let known: string | undefined
    let outcome: Outcome | Refused
    try {
      const party = manners.partyOf(request, name)
      if (party.kind === 'refused') {
        outcome = turnAway(request, party, visit)
      } else {
        known = party.name
        outcome = await take(request, party, visit)
      }
    } catch (error) {
      outcome = failed(error)
    } finally {
      visit.leave()
    }
    const totalMs = clock.monotonicMs() - startedMs
    ports.count(known, outcome, totalMs)
    if (!isRefused(outcome)) {
      if (ports.logDeliveries) manners.logTaken(log, known ?? name, outcome, totalMs)
    } else if (outcome.isSummedUp !== true) {
      logRefused(log, known ?? name, outcome, totalMs)
    }
    return manners.answer(outcome)
  }
}

function isRefused(outcome: { readonly kind: string }): outcome is Refused {
  return outcome.kind === 'refused'
}
