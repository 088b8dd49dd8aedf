/** Runs the handlers of today over any event that is kept, for whoever replays it. */
import type { Caller } from '../caller.ts'
import { describeRecords, type Attributes } from './cloud-event.ts'
import type { Verified } from '../delivery.ts'
import type { KeptEvent } from '../event.ts'
import { attributesAmong, readData } from '../event-data.ts'
import { runRoute, toHandled, type Handled } from './handle.ts'
import { handleKept, sourceUnknown, type KeptPorts } from './kept.ts'

export interface ReplayPorts extends KeptPorts {
  /** The caller of `POST /events` as it is served now. */
  readonly caller: (name: string) => Caller | undefined
}

/** What is kept of an event, with the headers that say who sent it. */
export interface ReplayedEvent extends KeptEvent {
  /** Kept request headers, one JSON object; of a first-party event its attributes, too. */
  readonly headers: string | null
}

/** Handles the event again, at once and once: who replays it sees how that ended. Never throws. */
export async function replay(event: ReplayedEvent, ports: ReplayPorts): Promise<Handled> {
  const attributes = attributesOf(event)
  const handled =
    attributes === undefined
      ? await handleKept(event, { ...ports, attempt: 1 })
      : await handleOfCaller(event, attributes, ports)
  const { state, reason, records } = handled
  return { state, reason, records }
}

async function handleOfCaller(
  event: ReplayedEvent,
  attributes: Attributes,
  ports: ReplayPorts,
): Promise<Handled> {
  const caller = ports.caller(event.source)
  if (caller === undefined) return sourceUnknown(event.source)
  const { body, contentType, receivedAt } = event
  const hasData = body.byteLength > 0 || contentType !== ''
  const read = readData(hasData ? { kind: 'bytes', bytes: body } : { kind: 'none' }, contentType)
  const parsed = typeof read === 'string' ? { kind: 'opaque' as const } : read.parsed
  const verified: Verified = { kind: 'verified', ...event, eventIdValidMs: undefined, parsed }
  const origin = { source: caller.name, receivedAt, attributes }
  const handled = toHandled(await runRoute(verified, origin, caller.route, ports))
  return { ...handled, records: describeRecords(handled.records, attributes) }
}

/** The attributes that a first-party event came with; undefined where a provider sent it. */
function attributesOf({ headers }: ReplayedEvent): Attributes | undefined {
  const kept = headers === null ? {} : (JSON.parse(headers) as Record<string, string>)
  const found = attributesAmong(kept)
  const { id, source, type } = found
  if (id === undefined || source === undefined || type === undefined) return undefined
  return { ...found, id, source, type }
}
