import type { Caller } from '../caller.ts'
import {
  attributeHeaders,
  describeRecords,
  identityOf,
  partitionKeyOf,
  type CloudEvent,
} from './cloud-event.ts'
import type { Delivery, EventIssue, Refused, Verified, VerifiedBody } from '../delivery.ts'
import type { NewEvent } from '../event.ts'
import { invalidEvents } from './cloud-events.ts'
import { runRoute, type HandlePorts, type Ran } from './handle.ts'
import { keptHeaders } from './kept-headers.ts'

/**
 * Runs the handlers of all events of a request, side by side. Data that does not match a schema
 * refuses the request, for its caller can mend it; a handler that fails is our fault, and the
 * request can be sent again.
 */
export async function handleEvents(
  events: readonly CloudEvent[],
  delivery: Delivery,
  caller: Caller,
  ports: HandlePorts,
): Promise<{ readonly kind: 'handled'; readonly events: readonly NewEvent[] } | Refused> {
  const { receivedAt } = delivery
  const all = await Promise.all(
    events.map(async (event) => {
      const origin = { source: caller.name, receivedAt, attributes: event.attributes }
      return { event, ran: await runRoute(toVerified(event), origin, caller.route, ports) }
    }),
  )
  const refusal = refusalOf(all)
  if (refusal !== undefined) return refusal
  const kept = keptHeaders(delivery)
  const source = { name: caller.name, receivedAt, kept }
  return {
    kind: 'handled',
    events: all.map((each) => toNewEvent(each, source)),
  }
}

/** The token vouches for the whole request, so every byte of it is verified. */
function toVerified({ attributes, data, contentType, parsed }: CloudEvent): Verified {
  return {
    kind: 'verified',
    body: data as VerifiedBody,
    parsed,
    eventId: identityOf(attributes),
    eventIdValidMs: undefined,
    type: attributes.type,
    key: partitionKeyOf(attributes),
    contentType,
  }
}

interface RanEvent {
  readonly event: CloudEvent
  readonly ran: Ran
}

function refusalOf(all: readonly RanEvent[]): Refused | undefined {
  const issues = all.flatMap(({ event: { element }, ran }): EventIssue[] => {
    if (ran.kind !== 'invalid') return []
    const place = element === undefined ? {} : { element }
    return ran.issues.map(({ at, message }) => ({
      ...place,
      at: at === '' || at === '(root)' ? 'data' : `data.${at}`,
      message,
    }))
  })
  if (issues.length > 0) return invalidEvents(issues)
  for (const { event, ran } of all) {
    if (ran.kind !== 'failed') continue
    const which = event.element === undefined ? '' : `element ${event.element}: `
    return {
      kind: 'refused',
      code: ran.code,
      detail: `${which}the handler failed, and nothing of the request is stored`,
      cause: `${which}${ran.detail}`,
    }
  }
  return undefined
}

interface RequestNames {
  readonly name: string
  readonly receivedAt: number
  readonly kept: string | null
}

function toNewEvent({ event, ran }: RanEvent, request: RequestNames): NewEvent {
  const { attributes } = event
  const { eventId, eventIdValidMs, type, contentType, body } = toVerified(event)
  const records = ran.kind === 'ran' ? describeRecords(ran.records, attributes) : []
  const kept = request.kept === null ? {} : (JSON.parse(request.kept) as object)
  return {
    source: request.name,
    eventId,
    eventIdValidMs,
    type,
    key: partitionKeyOf(attributes),
    contentType,
    // The attributes are all that a later run of the handler would lack.
    headers: JSON.stringify({ ...kept, ...attributeHeaders(attributes) }),
    receivedAt: request.receivedAt,
    state: records.length === 0 ? 'ignored' : 'accepted',
    reason: ran.kind === 'ran' ? ran.whyNone : null,
    body,
    records,
  }
}
