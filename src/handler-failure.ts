/** What handlers fail with, whoever calls them. */
import { GatewayError, messageOf, RetryableError, type FaultCode } from './faults/faults.ts'
import { FinalError } from './final-error.ts'

/**
 * What an error says about a later try. `retryable`: the handler knows that it can succeed, and is
 * given time. `passing`: ours, as a time-out, and it may be over by then. `unknown`: whatever else
 * is thrown; it may pass, but it may as well be a bug. `final`: no later try can succeed.
 */
export type ErrorClass = 'retryable' | 'passing' | 'unknown' | 'final'

export interface Failure {
  readonly code: FaultCode
  readonly detail: string
  readonly errorClass: ErrorClass
}

/** What user code has thrown. Never throws: a proxy may refuse even to be asked what it is. */
export function failureOf(error: unknown): Failure {
  try {
    if (error instanceof GatewayError) {
      const { code, detail, retryable } = error
      // A result that is no record stays none.
      return { code, detail, errorClass: retryable ? 'passing' : 'final' }
    }
    const errorClass = errorClassOf(error)
    // Who says what a later try is worth knows why; anything else is a bug to be found.
    const place = errorClass === 'unknown' ? placeOf(error) : ''
    return { code: 'HANDLER_FAILED', detail: `${messageOf(error)}${place}`, errorClass }
  } catch {
    return { code: 'HANDLER_FAILED', detail: messageOf(error), errorClass: 'unknown' }
  }
}

function errorClassOf(error: unknown): ErrorClass {
  if (error instanceof RetryableError) return 'retryable'
  return error instanceof FinalError ? 'final' : 'unknown'
}

/** Where in the user's files it was thrown, as ` (shop.ts:12:7)`; empty where nobody knows. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  // Behind the message, and not all: in 100,000 letters a look takes 12 s.
  const framesAt = stack.indexOf('\n    at ')
  const frames = framesAt < 0 ? '' : stack.slice(framesAt, framesAt + FRAMES_CHARS_MAX)
  const [, place] = /([\w.-]+\.m?[jt]s:\d+:\d+)/.exec(frames) ?? []
  return place === undefined ? '' : ` (${place})`
}

/** Of the calls that led to an error: the first of the user's files is among them. */
const FRAMES_CHARS_MAX = 2_000
