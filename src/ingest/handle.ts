import { unreachable } from '../assert.ts'
import type { Delivery, Verified } from '../delivery.ts'
import { GatewayError, messageOf, type FaultCode } from '../errors.ts'
import type { NewEvent } from '../event.ts'
import type { OutboxRecord } from '../record.ts'
import type { Event, HandledRoute, HandlerResult, PassThrough, Router } from '../route.ts'
import type { Source } from '../source.ts'
import type { Clock } from '../clock.ts'
import { toOutboxRecords } from './records.ts'

/** What the handler decided: goes into the inbox row as it is. */
export type Handled = Pick<NewEvent, 'state' | 'reason' | 'records'>

export interface HandlePorts {
  readonly clock: Clock
  readonly handlerMsMax: number
}

/** What is wrong with an event's data: where, and what; never the data. */
interface DataIssue {
  readonly at: string
  readonly message: string
}

/** What came of an event's route: records (none: ignored), or why there are none. */
export type Ran =
  | { readonly kind: 'ran'; readonly records: readonly OutboxRecord[] }
  | {
      readonly kind: 'invalid'
      readonly code: 'BODY_NOT_JSON' | 'SCHEMA_MISMATCH'
      readonly issues: readonly DataIssue[]
    }
  | { readonly kind: 'failed'; readonly code: FaultCode; readonly detail: string }

/** Where the event comes from. */
export type Origin = Pick<Event<unknown>, 'source' | 'receivedAt' | 'attributes'>

/**
 * Runs the event's route. Never throws: data that does not fit and handlers that fail become a
 * state of the stored event, because the provider did its part and cannot mend ours.
 */
export async function handle(
  verified: Verified,
  delivery: Delivery,
  source: Source,
  ports: HandlePorts,
): Promise<Handled> {
  const { receivedAt } = delivery
  const ran = await runRoute(verified, { source: delivery.source, receivedAt }, source.route, ports)
  switch (ran.kind) {
    case 'ran':
      return {
        state: ran.records.length === 0 ? 'ignored' : 'accepted',
        reason: null,
        records: ran.records,
      }
    case 'invalid':
      return stored('invalid', ran.code, ran.issues.map(describe).join('; '))
    case 'failed':
      return stored('failed', ran.code, ran.detail)
    default:
      return unreachable(ran)
  }
}

/** Finds the route of an event and runs it. Never throws. */
export async function runRoute(
  verified: Verified,
  origin: Origin,
  router: Router,
  ports: HandlePorts,
): Promise<Ran> {
  if (verified.parsed.kind === 'not-json') {
    const issues = [{ at: '', message: verified.parsed.reason }]
    return { kind: 'invalid', code: 'BODY_NOT_JSON', issues }
  }
  const route = router(verified.type)
  if (route === undefined) return { kind: 'ran', records: [] }

  const event = toEvent(verified, origin)
  const defaultKey = verified.key ?? verified.eventId
  try {
    if (!('kind' in route)) return passThrough(route, event, defaultKey)
    const parsed = await route.schema.safeParseAsync(event.data)
    if (!parsed.success) {
      const issues = parsed.error.issues.map(({ path, message }) => ({
        at: path.join('.') || '(root)',
        message,
      }))
      return { kind: 'invalid', code: 'SCHEMA_MISMATCH', issues }
    }
    const result = await withinTime(route, { ...event, data: parsed.data }, ports)
    return { kind: 'ran', records: toOutboxRecords(result, defaultKey) }
  } catch (error) {
    return error instanceof GatewayError
      ? { kind: 'failed', code: error.code, detail: error.detail }
      : { kind: 'failed', code: 'HANDLER_FAILED', detail: messageOf(error) }
  }
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

function passThrough(route: PassThrough, event: Event<unknown>, defaultKey: string): Ran {
  const key = route.key === undefined ? defaultKey : route.key(event)
  return { kind: 'ran', records: toOutboxRecords({ topic: route.topic, key }, defaultKey) }
}

/** A handler that answers at once costs no timer; one that waits is raced against the limit. */
async function withinTime(
  route: HandledRoute,
  event: Event<unknown>,
  ports: HandlePorts,
): Promise<HandlerResult> {
  const result = route.handle(event)
  if (!(result instanceof Promise)) return result
  const patience = new AbortController()
  const timeUp = ports.clock.sleep(ports.handlerMsMax, patience.signal).then((): never => {
    throw new GatewayError('HANDLER_TIMEOUT', `no result within ${ports.handlerMsMax} ms`)
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
  return { state, reason: `${code}: ${detail}`.slice(0, REASON_CHARS_MAX), records: [] }
}

/** A reason is a line in a table, not a stack trace. */
const REASON_CHARS_MAX = 500

function describe({ at, message }: DataIssue): string {
  return at === '' ? message : `${at}: ${message}`
}
