/**
 * Records of a consumer whose handler publishes nothing: those of one commit share an event, and
 * its body lists their identities. A row for each would cost 7 µs and 300 bytes, and say nothing.
 */
import type { EpochMs } from '../src/clock.ts'
import { consumerOf, type NotFound } from '../src/consumer.ts'
import type { VerifiedBody } from '../src/delivery.ts'
import type { NewEvent } from '../src/event.ts'
import { EVENT_ID_CHARS_MAX } from '../src/limits/limits.ts'
import { openBodies, readOrDamage, type BodyPlace } from './bodies.ts'
import type { Reader } from './open.ts'

/** Begins the id of such an event: no identity begins with it, because no topic does. */
const MARK = '+'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Records of one commit of which nothing else is stored. */
export interface SharedIds {
  readonly source: string
  readonly at: EpochMs
  readonly ids: readonly string[]
}

/** The same, as a commit brings them: each with how it was looked for, if it was. */
export interface LookedFor extends Omit<SharedIds, 'ids'> {
  readonly ids: ReadonlyMap<string, NotFound | undefined>
}

/** The event that they share. */
export function toEvent({ source, at, ids }: SharedIds): NewEvent {
  const count = ids.length
  return {
    source,
    eventId: `${MARK}${count} ${ids[0]}`.slice(0, EVENT_ID_CHARS_MAX),
    eventIdValidMs: undefined,
    type: 'records.ignored',
    key: '',
    contentType: 'application/json',
    headers: null,
    receivedAt: at,
    state: 'ignored',
    reason: `${count} ${count === 1 ? 'record' : 'records'} whose handler publishes nothing`,
    // Made here of identities: nobody else has sent it.
    body: encoder.encode(JSON.stringify(ids)) as Uint8Array as VerifiedBody,
    records: [],
  }
}

/** What is read of an inbox row to tell which ids are its own. */
export interface IdsRow extends BodyPlace {
  readonly source: string
  readonly eventId: string
}

/** Whether the body of a row lists ids, and the row has none of its own. */
export function standsForOthers({ source, eventId }: Pick<IdsRow, 'source' | 'eventId'>): boolean {
  return eventId.startsWith(MARK) && consumerOf(source) !== undefined
}

/**
 * Reads which ids a row of the inbox stands for: its own, or those that its body lists. None where
 * that is damaged: those records may be processed again, and nothing else is kept waiting for them.
 */
export function openIdsOf(reader: Reader): (row: IdsRow) => readonly string[] {
  const bodies = openBodies(reader)
  return (row) => {
    if (!standsForOthers(row)) return [row.eventId]
    const { bytes, damage } = readOrDamage(() => bodies.read(row))
    return damage === undefined ? (JSON.parse(decoder.decode(bytes)) as readonly string[]) : []
  }
}
