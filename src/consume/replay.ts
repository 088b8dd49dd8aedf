/** Handles dead letters once more, for whoever replays them. */
import type { Consumer, FetchedRecord } from '../consumer.ts'
import type { KeptChanges } from '../consumer-state.ts'
import { unreachable } from '../assert.ts'
import { reasonOf, type KeptEvent, type NewEvent } from '../event.ts'
import { closeAgain } from './aggregate.ts'
import { attempt, keyOf, type Attempt, type AttemptPorts } from './attempt.ts'
import { decode } from './decode.ts'
import { identityOf, keptRecord } from './processed.ts'

/** A record that was given up, as it is stored. */
export interface KeptRecord extends KeptEvent {
  readonly headers: string | null
}

/** What is stored of it then. */
export interface Replayed extends Pick<NewEvent, 'state' | 'reason' | 'records'> {
  readonly kept?: KeptChanges
}

/**
 * The record, where it was one of a consumer that keeps state: it is handled in its lane, see
 * again.ts.
 */
export function statefulRecord(
  event: KeptRecord,
  consumer: Consumer | undefined,
): FetchedRecord | undefined {
  return consumer?.state === undefined ? undefined : keptRecord(event)
}

/**
 * Runs the handler of today once over a record that was given up, or `onClose` over a window.
 * Undefined where its bytes are not kept: those of records that were processed are in Kafka alone.
 * Never throws.
 */
export async function replayRecord(
  event: KeptRecord,
  consumer: Consumer | undefined,
  ports: AttemptPorts,
): Promise<Replayed | undefined> {
  const record = keptRecord(event)
  if (record === undefined) return consumer && closeAgain(event, consumer, ports.watchdog)
  if (consumer === undefined) {
    const detail = `"${event.source}" is no longer defined`
    return { state: 'failed', reason: reasonOf({ code: 'SOURCE_UNKNOWN', detail }), records: [] }
  }
  return toReplayed(await attemptOnce(record, consumer, ports))
}

function attemptOnce(record: FetchedRecord, consumer: Consumer, ports: AttemptPorts) {
  const { signal } = new AbortController()
  const decoded = decode(record)
  const identity = identityOf(record, decoded, consumer)
  const given = { record, consumer, decoded, identity, key: keyOf(record) }
  return attempt({ ...given, attempt: 1, signal }, ports)
}

/** What came of a try, as it is stored. */
export function toReplayed(result: Attempt): Replayed {
  switch (result.kind) {
    case 'passed':
      return { state: 'ignored', reason: 'no route takes this type', records: [] }
    case 'ran': {
      const { records } = result
      return records.length === 0
        ? { state: 'ignored', reason: 'its handler publishes nothing', records }
        : { state: 'accepted', reason: null, records }
    }
    case 'invalid':
    case 'failed':
      return { state: result.kind, reason: reasonOf(result), records: [] }
    default:
      return unreachable(result)
  }
}
