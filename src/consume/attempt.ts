import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'
import type {
  AggregateRoute,
  ConsumedEvent,
  Consumer,
  FetchedRecord,
  RecordRoute,
} from '../consumer.ts'
import type { StateChange } from '../consumer-state.ts'
import { CONSUMER_ABORT_MS_MAX } from '../limits/consumers.ts'
import { GatewayError, type FaultCode } from '../faults/faults.ts'
import { withExactParts } from '../exact-record.ts'
import { failureOf, type Failure } from '../handler-failure.ts'
import { promised, toOutboxRecords } from '../handler-result.ts'
import { guarded, watching, type HandlerWatch, type Watched } from '../handler-watch.ts'
import type { OutboxRecord } from '../record.ts'
import { parseData, type Parsed } from '../schema.ts'
import { aggregate } from './aggregate.ts'
import { attributesOf, type Decoded } from './decode.ts'
import type { Keeping } from './keeping.ts'
import { stageState, type StagedState } from './state.ts'

/** What came of one try of one record. */
export type Attempt =
  /** No route takes it: nothing is stored. */
  | { readonly kind: 'passed' }
  | {
      readonly kind: 'ran'
      readonly records: readonly OutboxRecord[]
      readonly changes: readonly StateChange[]
    }
  | { readonly kind: 'invalid'; readonly code: FaultCode; readonly detail: string }
  | FailedAttempt

interface FailedAttempt extends Failure {
  readonly kind: 'failed'
  /** Where those of processes that ended count, and not this one's. */
  readonly attempts?: number | undefined
}

export interface AttemptPorts {
  readonly clock: Clock
  /** What its consumer keeps; undefined: the record is on no partition that is consumed. */
  readonly keeping?: Keeping | undefined
  /** Ends the process where user code never gives the thread back. Default: nobody watches. */
  readonly watchdog?: HandlerWatch | undefined
  /** Is told of a handler that runs on after its time, or its consumer's. */
  readonly onIgnoredAbort?: (given: Given) => void
}

/** A record on its way to its handler. */
export interface Given {
  readonly record: FetchedRecord
  readonly decoded: Decoded
  readonly consumer: Consumer
  /** See `keyOf`. */
  readonly key: string | null
  /** See `identityOf`. */
  readonly identity: string
  readonly attempt: number
  /** Aborts when the partition is taken away, or the consumer stops. */
  readonly signal: AbortSignal
}

/** Routes, validates and handles a record once. Never throws; waits only where user code does. */
export function attempt(given: Given, ports: AttemptPorts): Attempt | Promise<Attempt> {
  const { decoded, consumer, record } = given
  const route = consumer.route(decoded.type, record.topic)
  if (route === undefined) return { kind: 'passed' }
  const { data } = decoded
  if (data.kind === 'broken') return invalid('BODY_NOT_JSON', data.reason)
  if (!('kind' in route)) return ran(given, { topic: route.topic }, [])
  const { watchdog } = ports
  const tried = { given, route, value: data.value, ports }
  return watchdog?.hasNotes === true ? runGuarded(tried, watchdog) : run(tried)
}

interface Tried {
  readonly given: Given
  readonly route: RecordRoute | AggregateRoute
  readonly value: unknown
  readonly ports: AttemptPorts
}

function runGuarded(tried: Tried, watchdog: HandlerWatch): Attempt | Promise<Attempt> {
  const { consumer, identity, signal } = tried.given
  return guarded<Attempt>(watchdog, {
    named: { source: consumer.source, eventId: identity },
    task: () => run(tried),
    instead: (error, ends) => ({ ...failed(error, consumer), attempts: ends?.all }),
    // It waits for as long as it is its consumer's.
    patience: () => signal,
  })
}

function run({ given, route, value, ports }: Tried): Attempt | Promise<Attempt> {
  const timed = new Timed(given, ports)
  try {
    const handling = { given, route, value, timed, ports }
    const result = watching(ports.watchdog, watchedOf(given), parseAndHandle, handling)
    if (!(result instanceof Promise)) return result
    return timed.within(result).catch((error: unknown) => failed(error, given.consumer))
  } catch (error) {
    return failed(error, given.consumer)
  }
}

function parseAndHandle(tried: TimedTry): Attempt | Promise<Attempt> {
  const parsed = parseData(tried.route.schema, tried.value)
  return parsed instanceof Promise
    ? parsed.then((late) => handle(late, tried))
    : handle(parsed, tried)
}

function watchedOf({ consumer, decoded, identity, record }: Given): Watched {
  const { partition, offset } = record
  return { source: consumer.source, type: decoded.type, eventId: identity, partition, offset }
}

interface TimedTry extends Tried {
  readonly timed: Timed
}

function handle(
  parsed: Parsed<unknown>,
  { given, route, timed, ports }: TimedTry,
): Attempt | Promise<Attempt> {
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || '(root)'}: ${message}`,
    )
    return invalid('SCHEMA_MISMATCH', issues.join('; '))
  }
  const { record, consumer } = given
  const staged = stageState(record, consumer, ports.keeping)
  const event = toEvent(given, parsed.data, { timed, staged })
  if (route.kind === 'aggregate') {
    const { window } = consumer
    assert(window !== undefined, 'routes that aggregate come with windows')
    const { clock, keeping } = ports
    assert(keeping !== undefined, 'windows are a matter of a partition that is consumed')
    return {
      kind: 'ran',
      ...aggregate({ consumer, window, keeping }, route, { event, record, clock }),
    }
  }
  const result = promised(route.handle(event))
  return result instanceof Promise
    ? result.then((late) => ran(given, late ?? null, staged.changes()))
    : ran(given, result ?? null, staged.changes())
}

function ran(
  { record, decoded, key }: Given,
  result: Parameters<typeof toOutboxRecords>[0],
  changes: readonly StateChange[],
): Attempt {
  if (result === null) return { kind: 'ran', records: [], changes }
  const ownKey = key ?? decoded.event?.id ?? placeOf(record)
  const records = withExactParts(toOutboxRecords(result, ownKey), key, record)
  return { kind: 'ran', records, changes }
}

function invalid(code: FaultCode, detail: string): Attempt {
  return { kind: 'invalid', code, detail }
}

/** A try whose changes are about to be submitted: it has failed where there is no room for them. */
export function fitting(result: Attempt, consumer: Consumer, keeping: Keeping): Attempt {
  if (result.kind !== 'ran') return result
  const full = keeping.whyNoRoom(result.changes)
  return full === undefined ? result : failed(full, consumer)
}

/** With windows all of a partition is one lane: a pause would hold up every key of it. */
function failed(error: unknown, { window }: Consumer): FailedAttempt {
  const failure = failureOf(error)
  const errorClass = window === undefined ? failure.errorClass : 'final'
  return { kind: 'failed', ...failure, errorClass }
}

function toEvent(
  given: Given,
  data: unknown,
  { timed, staged }: { readonly timed: Timed; readonly staged: StagedState },
): ConsumedEvent<unknown> {
  const { record, decoded, consumer, key, attempt: tries } = given
  const { topic, partition, offset, headers, writtenAt } = record
  let body: Uint8Array | undefined
  return {
    consumer: consumer.name,
    topic,
    partition,
    offset,
    key,
    get keyBytes() {
      return record.key?.slice() ?? null
    },
    id: decoded.event?.id ?? placeOf(record),
    source: decoded.event?.source ?? '',
    type: decoded.type,
    writtenAt,
    data,
    // Its own, whatever becomes of the response that it is a part of.
    get body() {
      return (body ??= record.value?.slice() ?? NOTHING)
    },
    headers,
    state: staged.state,
    attempt: tries,
    get attributes() {
      return attributesOf(decoded, record)
    },
    // A signal costs a microsecond, and most handlers never ask for it.
    get signal() {
      return timed.signal()
    },
  }
}

const NOTHING = new Uint8Array()
const decoder = new TextDecoder()

/** The key of a record as text; null where it has none. */
export function keyOf({ key }: Pick<FetchedRecord, 'key'>): string | null {
  return key === null ? null : decoder.decode(key)
}

/** What a record that has no identity of its own is named by. */
export function placeOf({ topic, partition, offset }: FetchedRecord): string {
  return `${topic}/${partition}/${offset}`
}

/** The time of one try. What handlers rarely ask for is made when they do. */
class Timed {
  readonly #given: Given
  readonly #ports: AttemptPorts
  #timeUp: AbortController | undefined
  #signal: AbortSignal | undefined
  #isOver = false

  constructor(given: Given, ports: AttemptPorts) {
    this.#given = given
    this.#ports = ports
  }

  signal(): AbortSignal {
    this.#timeUp ??= new AbortController()
    if (this.#isOver) this.#timeUp.abort()
    return (this.#signal ??= AbortSignal.any([this.#given.signal, this.#timeUp.signal]))
  }

  /** Rejects with RECORD_TIMEOUT, once user code has ended or has had its time for that. */
  async within(work: Promise<Attempt>): Promise<Attempt> {
    const { signal, consumer } = this.#given
    const { clock } = this.#ports
    const patience = new AbortController()
    const stop = () => patience.abort()
    signal.addEventListener('abort', stop, { once: true })
    const waited = clock.sleep(consumer.timeoutMs, patience.signal).then(() => undefined)
    try {
      const settled = await Promise.race([work, waited])
      if (settled !== undefined) return settled
      this.#isOver = true
      this.#timeUp?.abort()
      return await this.#endOf(work)
    } finally {
      signal.removeEventListener('abort', stop)
      patience.abort()
    }
  }

  /** The signal has aborted: what the handler makes of that, if it ends in time, still counts. */
  async #endOf(work: Promise<Attempt>): Promise<Attempt> {
    const { clock, onIgnoredAbort } = this.#ports
    const { timeoutMs } = this.#given.consumer
    const patience = new AbortController()
    const late = clock.sleep(CONSUMER_ABORT_MS_MAX, patience.signal).then(() => undefined)
    const timeout = () => new GatewayError('RECORD_TIMEOUT', `no result within ${timeoutMs} ms`)
    try {
      const settled = await Promise.race([work, late])
      if (settled !== undefined) return settled
      onIgnoredAbort?.(this.#given)
      // Nobody waits for it any more: its rejection must not end the process.
      work.catch(() => undefined)
      throw timeout()
    } catch (error) {
      // What a handler throws when its signal aborts is our doing.
      throw error instanceof Error && error.name === 'AbortError' ? timeout() : error
    } finally {
      patience.abort()
    }
  }
}
