/** Adds events to the windows of their keys, and closes what is due: as data, see DESIGN.md. */
import { assert } from '../assert.ts'
import type { Clock, EpochMs } from '../clock.ts'
import {
  type AggregateRoute,
  type ConsumedEvent,
  type Consumer,
  type ConsumerWindow,
  type FetchedRecord,
  type Place,
  type ProcessedRecord,
  type WindowResult,
} from '../consumer.ts'
import type { StateChange, StoredWindow } from '../consumer-state.ts'
import { CONSUMER_EVENT_AHEAD_MS_MAX, CONSUMER_WINDOW_CLOSES_MAX } from '../limits/consumers.ts'
import type { VerifiedBody } from '../delivery.ts'
import { GatewayError } from '../faults/faults.ts'
import { reasonOf, type NewEvent } from '../event.ts'
import { failureOf } from '../handler-failure.ts'
import { toOutboxRecords } from '../handler-result.ts'
import { givenUp, watching, type HandlerWatch } from '../handler-watch.ts'
import type { OutboxRecord } from '../record.ts'
import type { HandlerResult } from '../route.ts'
import { boundsOf, type TimeSpan } from '../window.ts'
import type { Keeping } from './keeping.ts'
import { nameText } from './naming.ts'
import { fromText, stateKeyOf, toText } from './state.ts'
import { add, dueAt, settle, watermarkOf, type KeptWindow } from './windows.ts'

/** What the windows of a consumer are worked on with. */
export interface Aggregation {
  readonly consumer: Consumer
  readonly window: ConsumerWindow
  readonly keeping: Keeping
  readonly watchdog?: HandlerWatch | undefined
}

interface Aggregated {
  readonly records: readonly OutboxRecord[]
  readonly changes: readonly StateChange[]
}

/**
 * Adds one event to its windows. Nothing has changed until the changes are submitted.
 *
 * @throws GatewayError EVENT_TIME_INVALID, STATE_INVALID; whatever user code throws.
 */
export function aggregate(
  { consumer, window, keeping }: Aggregation,
  route: AggregateRoute,
  given: { readonly event: ConsumedEvent<unknown>; record: FetchedRecord; clock: Clock },
): Aggregated {
  const { event, record, clock } = given
  const { topic, partition } = record
  const key = stateKeyOf(record)
  const at = timeOf(route, event, clock)
  const watermark = keeping.watermark(record)
  const near = { key, ...boundsOf(window.shape, at) }
  const windows = keeping.windowsOf(record, near).map((stored) => toKept(consumer, stored))
  const fold = (state: unknown) => route.handle(state, event)
  const added = add(window, { key, at, fold }, { windows, watermark })
  const next = Math.max(watermark, watermarkOf(window, at))
  const changes: StateChange[] = []
  if (next > watermark)
    changes.push({ kind: 'watermark', place: { topic, partition }, watermark: next })
  if (added.kind === 'late') return { records: toRecords(window.onLate?.(event), key), changes }
  const dropped = added.dropped.filter((each) => !has(added.kept, each))
  for (const gone of dropped) {
    changes.push({ kind: 'window-gone', window: { topic, partition, ...nameOf(gone) } })
  }
  for (const kept of added.kept) {
    const isNew = !has(windows, kept)
    changes.push({ kind: 'window', window: toStored(consumer, window, kept, record), isNew })
  }
  const results = added.kept.map((kept) => window.onUpdate?.(toResult(consumer, kept)))
  return {
    records: toRecords(
      results.flatMap((result) => result ?? []),
      key,
    ),
    changes,
  }
}

/** Whether windows of the partition are to be closed, or forgotten, at this watermark. */
export function isDue({ keeping }: Aggregation, place: Place, watermark?: EpochMs): boolean {
  return keeping.mayBeDue(place, watermark ?? keeping.watermark(place))
}

/** The watermark of a partition that is silent: its time goes on by the clock. */
export function idleWatermark({ window }: Aggregation, now: EpochMs): EpochMs {
  return watermarkOf(window, now - window.idleTimeoutMs)
}

/**
 * Closes and forgets what is due at a watermark, the earliest first, up to a limit: what is left is
 * still due. A window whose `onClose` throws, or whose state today's schema refuses, is kept as a
 * failed event, and not tried again: it holds up nothing else.
 */
export function closeDue(
  { consumer, window, keeping, watchdog }: Aggregation,
  place: Place,
  { watermark, now }: { readonly watermark: EpochMs; readonly now: EpochMs },
): readonly ProcessedRecord[] {
  const { topic, partition } = place
  const due = keeping.due(place, { watermark, limit: CONSUMER_WINDOW_CLOSES_MAX })
  // No further than what is over: a clock that is wrong for a while makes nothing else late.
  let reached = keeping.watermark(place)
  return due.map((stored) => {
    const settled = settle(window, stored, watermark)
    const overAt = stored.end + (settled.kept === undefined ? window.allowedLatenessMs : 0)
    reached = Math.max(reached, overAt)
    const changes: readonly StateChange[] = [
      { kind: 'watermark', place: { topic, partition }, watermark: reached },
      settled.kept === undefined
        ? { kind: 'window-gone', window: { topic, partition, ...nameOf(stored) } }
        : {
            kind: 'window',
            window: { ...settled.kept, dueAt: dueAt(window, settled.kept) },
            isNew: false,
          },
    ]
    if (!settled.closes) return { event: undefined, changes }
    return { event: closed({ consumer, window, watchdog, stored, now }), changes }
  })
}

interface DueWindow extends Omit<Aggregation, 'keeping'> {
  readonly stored: StoredWindow
  readonly now: EpochMs
}

/** A window that closes is an event of its own: its records need one, and people see it. */
function closed({ consumer, window, watchdog, stored, now }: DueWindow): ProcessedRecord['event'] {
  const { topic, partition, key, start, end } = stored
  const place = nameText(`window ${topic}/${partition} ${start}-${end} ${key}`)
  const eventId = consumer.owner === consumer.name ? place : nameText(`@${consumer.group} ${place}`)
  const common = {
    source: consumer.source,
    eventId,
    eventIdValidMs: undefined,
    type: 'window.closed',
    key,
    contentType: 'application/json',
    headers: JSON.stringify({
      'kafka-topic': topic,
      'kafka-partition': String(partition),
      'window-start': String(start),
      'window-end': String(end),
    }),
    receivedAt: now,
    // Made here of what is stored: nobody else has sent it.
    body: Buffer.from(stored.state) as Uint8Array as VerifiedBody,
  }
  return { ...common, ...outcomeOf(stored, { consumer, window, watchdog, eventId }) }
}

type Outcome = Pick<NewEvent, 'state' | 'reason' | 'records'>

/** A window as its row or its event has it. */
type WindowText = Omit<StoredWindow, 'topic' | 'partition' | 'dueAt'>

function outcomeOf(
  text: WindowText,
  { consumer, window, watchdog, eventId }: Omit<Aggregation, 'keeping'> & { eventId: string },
): Outcome {
  const watched = { source: consumer.source, type: 'window.closed', eventId }
  try {
    const blocked = givenUp(watchdog, watched)
    if (blocked !== undefined) throw blocked.error
    const close = () => {
      const result = toResult(consumer, toKept(consumer, text))
      return toRecords(window.onClose?.(result), result.key)
    }
    const records = watching(watchdog, watched, close, undefined)
    return records.length > 0
      ? { state: 'accepted', reason: null, records }
      : { state: 'ignored', reason: 'its handler publishes nothing', records }
  } catch (error) {
    return { state: 'failed', reason: reasonOf(failureOf(error)), records: [] }
  }
}

/** Runs the `onClose` of today over a window that is kept; undefined where the event is none. */
export function closeAgain(
  { eventId, key, headers, body }: Pick<NewEvent, 'eventId' | 'key' | 'headers' | 'body'>,
  consumer: Consumer,
  watchdog: HandlerWatch | undefined,
): Outcome | undefined {
  const named = JSON.parse(headers ?? '{}') as Readonly<Record<string, string>>
  const [start, end] = [Number(named['window-start']), Number(named['window-end'])]
  const { window } = consumer
  if (Number.isNaN(start) || Number.isNaN(end) || window === undefined) return undefined
  const text = { key, start, end, state: decoder.decode(body), isClosed: false }
  return outcomeOf(text, { consumer, window, watchdog, eventId })
}

const decoder = new TextDecoder()

/** An event's own time: what its route says, else its `time`, else when it was written. */
function timeOf(
  { eventTime }: AggregateRoute,
  event: ConsumedEvent<unknown>,
  clock: Clock,
): EpochMs {
  const { time: named } = event.attributes
  const at = eventTime?.(event) ?? (named === undefined ? event.writtenAt : Date.parse(named))
  if (!Number.isFinite(at) || at < 0) {
    throw new GatewayError('EVENT_TIME_INVALID', `it is ${String(at)}`)
  }
  const aheadMs = at - clock.now()
  if (aheadMs <= CONSUMER_EVENT_AHEAD_MS_MAX) return Math.trunc(at)
  throw new GatewayError('EVENT_TIME_INVALID', `it is ${aheadMs} ms ahead of the clock`)
}

function has(windows: readonly TimeSpan[], { start, end }: TimeSpan): boolean {
  return windows.some((each) => each.start === start && each.end === end)
}

function toRecords(result: HandlerResult | undefined, key: string): OutboxRecord[] {
  return toOutboxRecords(result ?? null, key)
}

function toResult(
  { name }: Consumer,
  { key, start, end, state, isClosed }: KeptWindow,
): WindowResult {
  return { consumer: name, key, start, end, state, isClosed }
}

function toKept({ state: schema }: Consumer, stored: WindowText): KeptWindow {
  const { key, start, end, isClosed, state } = stored
  return { key, start, end, isClosed, state: fromText(schema, state) }
}

function toStored(
  { state: schema }: Consumer,
  window: ConsumerWindow,
  kept: KeptWindow,
  { topic, partition }: Place,
): StoredWindow {
  const { key, start, end, isClosed } = kept
  const state = toText(schema, kept.state)
  assert(start < end, 'a window has a length')
  return { topic, partition, key, start, end, isClosed, dueAt: dueAt(window, kept), state }
}

function nameOf({ key, start, end }: KeptWindow) {
  return { key, start, end }
}
