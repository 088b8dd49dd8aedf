/** The path of one request of `POST /events`, from the bytes that arrived to the rows on disk. */
import type { Caller } from '../caller.ts'
import { identityOf, type CloudEvent } from './cloud-event.ts'
import type { Delivery, Refused } from '../delivery.ts'
import type { Committed, NewEvent } from '../event.ts'
import type { AnswerToKeep, IdempotentAnswer } from '../idempotent-answer.ts'
import { claimAll } from './claims.ts'
import { readCloudEvents } from './cloud-events.ts'
import { handleEvents } from './handle-events.ts'
import type { HandlePorts } from './handle.ts'
import { hashRequest, readIdempotencyKey } from './idempotency-key.ts'
import type { HintPort } from './ingest.ts'

export interface IngestEventsPorts extends HandlePorts {
  readonly hint: HintPort
  /** Whether a request without an `Idempotency-Key` is refused. */
  readonly isKeyRequired: boolean
  readonly findAnswer: (
    caller: string,
    key: string,
  ) => IdempotentAnswer | undefined | Promise<IdempotentAnswer | undefined>
  /** Resolves once all events and their answer are on disk; rejects where none of them is. */
  readonly commitAll: (
    events: readonly NewEvent[],
    answer?: AnswerToKeep,
  ) => Promise<readonly Committed[]>
}

/** A request that was stored; a `duplicate` where nothing of it was new. */
export interface TakenEvents {
  readonly kind: 'accepted' | 'duplicate'
  /** All of them, and those that were stored before. */
  readonly events: number
  readonly duplicates: number
  /** Of a request with one event. */
  readonly eventId: string | undefined
  readonly type: string | undefined
  readonly handleMs: number
  readonly commitMs: number
}

/** The answer of an earlier request with the same key. */
export interface ReplayedAnswer {
  readonly kind: 'replayed'
  readonly status: number
}

export type EventsOutcome = TakenEvents | ReplayedAnswer | Refused

interface Opened extends IngestEventsPorts {
  /** Callers and keys of the requests under way. */
  readonly running: Set<string>
}

/** A key, and what it stands for. */
type Keyed = Pick<IdempotentAnswer, 'key' | 'requestHash'>

/**
 * Opens what takes a request: key → read → claim → handle → commit. All of its events are stored,
 * or none, and nothing is acknowledged before it is on disk.
 */
export function openIngestEvents(
  given: IngestEventsPorts,
): (delivery: Delivery, caller: Caller) => Promise<EventsOutcome> {
  const ports: Opened = { ...given, running: new Set() }
  return async (delivery, caller) => {
    const read = readIdempotencyKey(delivery.headers)
    if (read.kind === 'malformed') return refused('REQUEST_MALFORMED', read.detail)
    if (read.kind === 'key') return once(delivery, caller, read.key, ports)
    return ports.isKeyRequired
      ? refused('IDEMPOTENCY_KEY_MISSING', 'each request needs a key of its own')
      : take(delivery, caller, undefined, ports)
  }
}

/**
 * Takes the first request with this key, and answers the later ones like it. An answer is looked
 * for only when no request with this key runs: what is found is on disk.
 */
async function once(
  delivery: Delivery,
  caller: Caller,
  key: string,
  ports: Opened,
): Promise<EventsOutcome> {
  const name = `${caller.name} ${key}`
  if (ports.running.has(name)) {
    return refused('IDEMPOTENCY_KEY_IN_USE', 'the first request with this key has no answer yet')
  }
  ports.running.add(name)
  try {
    const requestHash = hashRequest(delivery)
    const found = ports.findAnswer(caller.name, key)
    const answer = found instanceof Promise ? await found : found
    if (answer === undefined) return await take(delivery, caller, { key, requestHash }, ports)
    if (answer.requestHash === requestHash) return { kind: 'replayed', status: answer.status }
    return refused('IDEMPOTENCY_KEY_REUSED', 'the request with this key had another content')
  } finally {
    ports.running.delete(name)
  }
}

async function take(
  delivery: Delivery,
  caller: Caller,
  keyed: Keyed | undefined,
  ports: IngestEventsPorts,
): Promise<EventsOutcome> {
  const read = readCloudEvents(delivery)
  if (read.kind === 'refused') return read
  const { events } = read
  if (events.length === 0) {
    if (keyed !== undefined) await commit([], { caller, keyed, ports })
    return EMPTY
  }
  const claims = await claimAll(ports.hint, caller.name, events.map(toClaimed))
  let stored = new Set<string>()
  try {
    if (claims.isClaimed) {
      return refused('CLAIMED_ELSEWHERE', 'another node is storing an event of this request')
    }
    const fresh = events.filter(({ attributes }) => !claims.done.has(identityOf(attributes)))
    const startedMs = ports.clock.monotonicMs()
    const handled = await handleEvents(fresh, delivery, caller, ports)
    if (handled.kind === 'refused') return handled
    const handledMs = ports.clock.monotonicMs()
    const committed = await commit(handled.events, { caller, keyed, ports })
    stored = new Set(idsOf(fresh.filter((_, at) => committed[at]?.kind === 'stored')))
    return {
      kind: stored.size > 0 ? 'accepted' : 'duplicate',
      events: events.length,
      duplicates: events.length - stored.size,
      ...(events.length === 1 ? onlyOf(events) : { eventId: undefined, type: undefined }),
      handleMs: handledMs - startedMs,
      commitMs: ports.clock.monotonicMs() - handledMs,
    }
  } finally {
    await claims.settle(stored)
  }
}

/** CloudEvents allows a batch without events. There is nothing to store, so nothing is. */
const EMPTY: TakenEvents = {
  kind: 'duplicate',
  events: 0,
  duplicates: 0,
  eventId: undefined,
  type: undefined,
  handleMs: 0,
  commitMs: 0,
}

interface Commit {
  readonly caller: Caller
  readonly keyed: Keyed | undefined
  readonly ports: IngestEventsPorts
}

function commit(
  events: readonly NewEvent[],
  { caller, keyed, ports }: Commit,
): Promise<readonly Committed[]> {
  if (keyed === undefined) return ports.commitAll(events)
  return ports.commitAll(events, {
    caller: caller.name,
    ...keyed,
    statusIfNew: 202,
    statusIfKnown: 200,
  })
}

function toClaimed({ attributes }: CloudEvent): { readonly eventId: string } {
  return { eventId: identityOf(attributes) }
}

function idsOf(events: readonly CloudEvent[]): string[] {
  return events.map(({ attributes }) => identityOf(attributes))
}

function onlyOf([only]: readonly CloudEvent[]): Pick<TakenEvents, 'eventId' | 'type'> {
  return {
    eventId: only === undefined ? undefined : identityOf(only.attributes),
    type: only?.attributes.type,
  }
}

function refused(code: Refused['code'], detail: string): Refused {
  return { kind: 'refused', code, detail }
}
