import { unreachable } from '../assert.ts'
import type { Delivery, Verified } from '../delivery.ts'
import { backoffMs, type Backoff } from '../backoff.ts'
import { GatewayError, type FaultCode } from '../faults/faults.ts'
import { reasonOf, type NewEvent } from '../event.ts'
import { guarded, watching, type HandlerWatch, type Watched } from '../handler-watch.ts'
import { HANDLER_RETRY_BASE_MS, HANDLER_RETRY_MS_MAX, HANDLER_TRIES_MAX } from '../limits/limits.ts'
import type { OutboxRecord } from '../record.ts'
import type { Event, HandledRoute, PassThrough, Route, Router } from '../route.ts'
import { parseData } from '../schema.ts'
import type { Source } from '../source.ts'
import type { Clock, EpochMs } from '../clock.ts'
import { failureOf } from '../handler-failure.ts'
import { promised, toOutboxRecords, type RecordLimits } from '../handler-result.ts'

/** What the handler decided: goes into the inbox row as it is. */
export type Handled = Pick<NewEvent, 'state' | 'reason' | 'records' | 'retryAt'>

export interface HandlePorts {
  readonly clock: Clock
  readonly handlerMsMax: number
  /** What the storage takes of records. Default: RECORD_BYTES_MAX of each. */
  readonly recordLimits?: RecordLimits | undefined
  /** Ends the process where user code never returns. Default: nobody watches. */
  readonly watchdog?: HandlerWatch
}

/** What is wrong with an event's data: where, and what; never the data. */
interface DataIssue {
  readonly at: string
  readonly message: string
}

/** What came of an event's route: records (none: ignored), or why there are none. */
export type Ran =
  | {
      readonly kind: 'ran'
      readonly records: readonly OutboxRecord[]
      /** Why there is no record; null where there is one. */
      readonly whyNone: string | null
    }
  | {
      readonly kind: 'invalid'
      readonly code: 'BODY_NOT_JSON' | 'SCHEMA_MISMATCH'
      readonly issues: readonly DataIssue[]
    }
  | {
      readonly kind: 'failed'
      readonly code: FaultCode
      readonly detail: string
      /** The handler says that a later try can succeed. */
      readonly isRetryable: boolean
    }

/** Where the event comes from. */
export type Origin = Pick<Event<unknown>, 'source' | 'receivedAt' | 'attributes'>

/**
 * Runs the event's route. Never throws: data that does not fit and handlers that fail become a
 * state of the stored event, because the provider did its part and cannot mend ours. `attempt`
 * says which try it is, 1 for the first.
 */
export function handle(
  verified: Verified,
  delivery: Pick<Delivery, 'source' | 'receivedAt'>,
  source: Source,
  ports: HandlePorts & { readonly attempt?: number },
): Handled | Promise<Handled> {
  const { receivedAt } = delivery
  const ran = runRoute(verified, { source: delivery.source, receivedAt }, source.route, ports)
  return ran instanceof Promise
    ? ran.then((settled) => withRetry(settled, ports))
    : withRetry(ran, ports)
}

function withRetry(
  ran: Ran,
  { attempt = 1, clock }: Pick<HandlePorts, 'clock'> & { readonly attempt?: number },
): Handled {
  const handled = toHandled(ran)
  const isRetryable = ran.kind === 'failed' && ran.isRetryable
  return isRetryable ? { ...handled, retryAt: retryAt(attempt, clock) } : handled
}

/** The state that an event is stored in after its route has run. */
export function toHandled(ran: Ran): Handled {
  switch (ran.kind) {
    case 'ran':
      return ran.records.length === 0
        ? { state: 'ignored', reason: ran.whyNone, records: [] }
        : { state: 'accepted', reason: null, records: ran.records }
    case 'invalid':
      return stored('invalid', ran.code, ran.issues.map(describe).join('; '))
    case 'failed':
      return stored('failed', ran.code, ran.detail)
    default:
      return unreachable(ran)
  }
}

/** When an event is handled again after this try of it failed; undefined after the last. */
export function retryAt(attempt: number, clock: Clock): EpochMs | undefined {
  if (attempt >= HANDLER_TRIES_MAX) return undefined
  return clock.now() + backoffMs(RETRY, attempt)
}

const RETRY: Backoff = { baseMs: HANDLER_RETRY_BASE_MS, maxMs: HANDLER_RETRY_MS_MAX }

/** Finds the route of an event and runs it. Never throws; a promise only where user code ran. */
export function runRoute(
  verified: Verified,
  origin: Origin,
  router: Router,
  ports: HandlePorts,
): Ran | Promise<Ran> {
  if (verified.parsed.kind === 'not-json') {
    const issues = [{ at: '', message: verified.parsed.reason }]
    return { kind: 'invalid', code: 'BODY_NOT_JSON', issues }
  }
  const route = router(verified.type)
  if (route === undefined) return ranWith([], 'no route takes this type')

  const event = toEvent(verified, origin)
  const defaultKey = verified.key ?? verified.eventId
  const context = { defaultKey, ports }
  // Without a function of the user's there is nothing that could block.
  if (!('kind' in route) && route.key === undefined) return run(route, event, context)
  const { watchdog } = ports
  return watchdog?.hasNotes === true
    ? runGuarded(route, event, context, watchdog)
    : run(route, event, context)
}

interface RunContext {
  readonly defaultKey: string
  readonly ports: HandlePorts
}

function runGuarded(
  route: Route,
  event: Event<unknown>,
  context: RunContext,
  watchdog: HandlerWatch,
): Ran | Promise<Ran> {
  const { clock, handlerMsMax } = context.ports
  const begun = new AbortController()
  return guarded<Ran>(watchdog, {
    named: watchedOf(event),
    task() {
      begun.abort()
      return run(route, event, context)
    },
    instead: failedWith,
    // A provider waits: what has not even begun within the limit is tried again later.
    patience() {
      const over = new AbortController()
      void clock.sleep(handlerMsMax, begun.signal).then(() => over.abort())
      return over.signal
    },
  })
}

function run(route: Route, event: Event<unknown>, context: RunContext): Ran | Promise<Ran> {
  if ('kind' in route) return runHandler(route, event, context)
  try {
    return passThrough(route, event, context)
  } catch (error) {
    return failedWith(error)
  }
}

async function runHandler(
  route: HandledRoute,
  event: Event<unknown>,
  { defaultKey, ports }: RunContext,
): Promise<Ran> {
  try {
    const timed = { ...ports, deadlineMs: ports.clock.monotonicMs() + ports.handlerMsMax }
    const parsed = await limited(event, timed, () => parseData(route.schema, event.data))
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => ({
        at: path.join('.') || '(root)',
        message,
      }))
      return { kind: 'invalid', code: 'SCHEMA_MISMATCH', issues }
    }
    const known = { ...event, data: parsed.data }
    const result = await limited(event, timed, () => route.handle(known))
    return ranWith(toOutboxRecords(result, defaultKey, ports.recordLimits))
  } catch (error) {
    return failedWith(error)
  }
}

function failedWith(error: unknown): Ran {
  const { code, detail, errorClass } = failureOf(error)
  // A provider's event is handled again only where somebody knows that this can succeed.
  const isRetryable = errorClass === 'retryable' || errorClass === 'passing'
  return { kind: 'failed', code, detail, isRetryable }
}

function toEvent(verified: Verified, origin: Origin): Event<unknown> {
  return {
    ...origin,
    id: verified.eventId,
    type: verified.type,
    data: verified.parsed.kind === 'json' ? verified.parsed.value : undefined,
    body: verified.body,
  }
}

function passThrough(
  { topic, key: keyOf }: PassThrough,
  event: Event<unknown>,
  { defaultKey, ports }: RunContext,
): Ran {
  // Without a function of the user's there is nothing to watch.
  const key =
    keyOf === undefined ? defaultKey : watching(ports.watchdog, watchedOf(event), keyOf, event)
  return ranWith(toOutboxRecords({ topic, key }, defaultKey, ports.recordLimits))
}

function ranWith(records: readonly OutboxRecord[], why = 'its handler publishes nothing'): Ran {
  return { kind: 'ran', records, whyNone: records.length === 0 ? why : null }
}

function watchedOf({ source, type, id: eventId }: Event<unknown>): Watched {
  return { source, type, eventId }
}

interface TimedPorts extends HandlePorts {
  /** By the monotonic clock: schema and handler share one limit. */
  readonly deadlineMs: number
}

/** Runs what a route has of the user's own. What answers at once costs no timer. */
async function limited<T>(
  event: Event<unknown>,
  ports: TimedPorts,
  task: () => T | PromiseLike<T>,
): Promise<T> {
  const result = watching(ports.watchdog, watchedOf(event), runTask, task)
  return result instanceof Promise ? await withinTime(result, ports) : result
}

function runTask<T>(task: () => T | PromiseLike<T>): T | Promise<T> {
  return promised(task())
}

async function withinTime<T>(
  result: Promise<T>,
  { clock, handlerMsMax, deadlineMs }: TimedPorts,
): Promise<T> {
  const patience = new AbortController()
  const leftMs = Math.max(0, deadlineMs - clock.monotonicMs())
  const timeUp = clock.sleep(leftMs, patience.signal).then((): never => {
    throw new GatewayError('HANDLER_TIMEOUT', `no result within ${handlerMsMax} ms`)
  })
  try {
    return await Promise.race([result, timeUp])
  } finally {
    patience.abort()
    // The loser is nobody's business any more: its rejection must not end the process.
    timeUp.catch(() => undefined)
    result.catch(() => undefined)
  }
}

function stored(state: 'invalid' | 'failed', code: FaultCode, detail: string): Handled {
  return { state, reason: reasonOf({ code, detail }), records: [] }
}

function describe({ at, message }: DataIssue): string {
  return at === '' ? message : `${at}: ${message}`
}
