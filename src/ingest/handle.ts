import type { Delivery, Verified } from '../delivery.ts'
import { GatewayError, messageOf, type FaultCode } from '../errors.ts'
import type { NewEvent } from '../event.ts'
import type { Event, HandledRoute, HandlerResult, PassThrough } from '../route.ts'
import type { Source } from '../source.ts'
import type { Clock } from '../clock.ts'
import { toOutboxRecords } from './records.ts'

/** What the handler decided: goes into the inbox row as it is. */
export type Handled = Pick<NewEvent, 'state' | 'reason' | 'records'>

export interface HandlePorts {
  readonly clock: Clock
  readonly handlerMsMax: number
}

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
  if (verified.parsed.kind === 'not-json') {
    return stored('invalid', 'BODY_NOT_JSON', verified.parsed.reason)
  }
  const route = source.route(verified.type)
  if (route === undefined) return { state: 'ignored', reason: null, records: [] }

  const event = toEvent(verified, delivery)
  const defaultKey = verified.key ?? verified.eventId
  try {
    if (!('kind' in route)) return passThrough(route, event, defaultKey)
    const parsed = await route.schema.safeParseAsync(event.data)
    if (!parsed.success) return stored('invalid', 'SCHEMA_MISMATCH', issuesOf(parsed.error.issues))
    const result = await withinTime(route, { ...event, data: parsed.data }, ports)
    const records = toOutboxRecords(result, defaultKey)
    return records.length === 0
      ? { state: 'ignored', reason: null, records }
      : { state: 'accepted', reason: null, records }
  } catch (error) {
    if (error instanceof GatewayError) return stored('failed', error.code, error.detail)
    return stored('failed', 'HANDLER_FAILED', messageOf(error))
  }
}

function toEvent(verified: Verified, delivery: Delivery): Event<unknown> {
  return {
    source: delivery.source,
    id: verified.eventId,
    type: verified.type,
    receivedAt: delivery.receivedAt,
    data: verified.parsed.kind === 'json' ? verified.parsed.value : undefined,
    body: verified.body,
  }
}

function passThrough(route: PassThrough, event: Event<unknown>, defaultKey: string): Handled {
  const key = route.key === undefined ? defaultKey : route.key(event)
  const records = toOutboxRecords({ topic: route.topic, key }, defaultKey)
  return { state: 'accepted', reason: null, records }
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

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Where the data does not fit, without any of the data. */
function issuesOf(issues: readonly Issue[]): string {
  return issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`).join('; ')
}
