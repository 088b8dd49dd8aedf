/** What both doors make of a request that is not taken. */
import type { Refused } from '../src/delivery.ts'
import { FAULTS, GatewayError, messageOf, type FaultCode } from '../src/faults/faults.ts'
import type { Log } from '../src/log.ts'
import { prepareProblem, problem, type ProblemMembers } from './problem.ts'

/**
 * Our own failure is never the sender's fault: whatever was thrown, the event may come again. What
 * has no name among the faults is a bug.
 */
export function toRefusal(error: unknown): Refused {
  const code: FaultCode = error instanceof GatewayError ? error.code : 'GATEWAY_BUG'
  return {
    kind: 'refused',
    code,
    detail: 'the event is not stored: send it again',
    cause: messageOf(error),
  }
}

/** Faults of a connection that is not worth keeping: what it still sends is not waited for. */
const CLOSING: ReadonlySet<FaultCode> = new Set(['BODY_TOO_SLOW', 'CONNECTIONS_EXHAUSTED'])

const closing = (code: FaultCode) => (CLOSING.has(code) ? { connection: 'close' } : {})

/** Who forges signatures is not told how far they came: each step that fails looks the same. */
const NOT_PROVEN = {
  code: 'NOT_PROVEN',
  detail: 'the log of the gateway says why',
} as const satisfies Partial<Refused>

/** The problem document of a refusal, or the bare status that its provider demands. */
export function answerRefused(
  refused: Refused,
  headers: Readonly<Record<string, string>> = {},
  members: ProblemMembers = {},
): Response {
  const { code, detail } = refused.step === undefined ? refused : NOT_PROVEN
  const { retryAfterS, status } = refused
  const own = {
    ...headers,
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    ...closing(code),
  }
  return status === undefined
    ? problem(code, detail, own, members)
    : new Response(null, { status, headers: own })
}

const PREPARED = new WeakMap<Refused, () => Response>()

/**
 * The same for what the door turns away, which it says with one object for each reason: there are
 * most of these when there is least time.
 */
export function answerTurnedAway(refused: Refused): Response {
  const { code, detail, retryAfterS } = refused
  if (retryAfterS !== undefined) return answerRefused(refused)
  let prepared = PREPARED.get(refused)
  if (prepared === undefined) {
    prepared = prepareProblem(code, detail, closing(code))
    PREPARED.set(refused, prepared)
  }
  return prepared()
}

/** The line of the log for a refusal; `cause` is what its sender is not told. */
export function logRefused(log: Log, source: string, refused: Refused, totalMs: number): void {
  const { code, detail, cause, step } = refused
  const { hint, ...fault } = FAULTS[code]
  const { status = fault.status } = refused
  log[status >= 500 ? 'error' : 'warn']('delivery.finished', {
    source: source.slice(0, 64),
    outcome: 'refused',
    code,
    step,
    status,
    detail: cause ?? detail,
    hint,
    totalMs: tenths(totalMs),
  })
}

/** A duration as the log shows it. */
export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
