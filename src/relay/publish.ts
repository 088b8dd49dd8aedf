import { assert } from '../assert.ts'
import { backoffMs, type Backoff } from '../backoff.ts'
import { GatewayError, messageOf, type FaultCode } from '../faults/faults.ts'
import { toPublishRecord, type OutboxEntry, type PublishedRange } from '../outbox.ts'
import type { Landed, PublishRecord } from '../record.ts'
import type { Blocked, Outcome, PoisonPolicy, RelayPorts, TurnedAway } from './ports.ts'

/**
 * Between two tries while Kafka does not answer. It starts low because most failures are a leader
 * that moves, and stays low because the backlog starts to drain only at the next try.
 */
const CLUSTER_BACKOFF: Backoff = { baseMs: 100, maxMs: 15_000 }

export interface PublishContext extends Pick<RelayPorts, 'publisher' | 'clock' | 'log'> {
  readonly poisonPolicy: PoisonPolicy
  readonly blockedKeys: ReadonlySet<string>
  readonly signal: AbortSignal
  /** Told after every send that says how the cluster is: null where it answered. */
  onAnswer(fault: GatewayError | null): void
}

/**
 * Topic and key as one name: keys of different topics are different keys. No topic has a space in
 * its name.
 */
export function keyName(of: { readonly topic: string; readonly key: string }): string {
  return `${of.topic} ${of.key}`
}

/**
 * Publishes entries, in seq order within each topic, until each of them has an outcome. Failures of
 * the cluster are waited out for as long as they last. Undefined: `signal` aborted before that, and
 * nothing may be marked.
 *
 * A refusal names neither topic nor record (kafkajs reports the first error of a whole request), so
 * the list is taken apart until one topic or one record is left. Every send starts with the
 * earliest entry of each of its keys that is not acknowledged yet, and that is what keeps the first
 * appearances of a key in order, however late an earlier send of unknown outcome may still land.
 */
export async function publishEntries(
  entries: readonly OutboxEntry[],
  context: PublishContext,
): Promise<Outcome | undefined> {
  const published: PublishedRange[] = []
  const settled: number[] = []
  const blocked: Blocked[] = []
  const turnedAway: TurnedAway[] = []
  // Beside those of the context: copying 200,000 keys would take 20 ms a batch.
  const newlyBlocked = new Set<string>()
  const refusedTopics = new Map<string, string>()

  function takeOut(entry: OutboxEntry): boolean {
    const refusal = refusedTopics.get(entry.topic)
    const name = keyName(entry)
    if (newlyBlocked.has(name) || context.blockedKeys.has(name)) {
      blocked.push({ entry, tried: false, reason: 'an earlier record of this key is blocked' })
    } else if (refusal !== undefined) {
      turnedAway.push({ entry, reason: refusal })
    } else {
      return false
    }
    return true
  }

  const pieces: Piece[] = [{ entries, suspectOut: false }] // a stack: the next one to send is last
  let failures = 0
  for (let next = pieces.pop(); next !== undefined; next = pieces.pop()) {
    const piece = { ...next, entries: next.entries.filter((entry) => !takeOut(entry)) }
    const [first] = piece.entries
    if (first === undefined) continue
    const answer = await send(piece.entries, context)
    if (Array.isArray(answer)) {
      published.push(...toRanges(piece.entries, answer))
      settled.push(...piece.entries.map((entry) => entry.seq))
      failures = 0
    } else if (!isRefusal(answer)) {
      failures += 1
      await waitOut(answer, failures, context)
      if (context.signal.aborted) return undefined
      pieces.push(piece)
    } else if (answer.code === 'TOPIC_REJECTED' && isOneTopic(piece.entries)) {
      refusedTopics.set(first.topic, answer.detail)
      pieces.push(piece)
    } else if (piece.entries.length > 1) {
      pieces.push(...takeApart(answer.code, piece).toReversed())
    } else {
      blocked.push({ entry: first, tried: true, reason: answer.detail })
      if (context.poisonPolicy === 'block-key') newlyBlocked.add(keyName(first))
    }
  }
  assert(
    settled.length + blocked.length + turnedAway.length === entries.length,
    'every entry that is sent has one outcome',
  )
  return { published, settled, blocked, turnedAway }
}

interface Piece {
  readonly entries: readonly OutboxEntry[]
  /** Whether the key of the largest record has been taken out. */
  readonly suspectOut: boolean
}

/**
 * What to send instead of a list that was refused; entries of one key stay in order. A refused
 * record is nearly always the largest, so first its key is sent apart: halves alone would repeat
 * the other partitions at every level, nearly two batches for one refused record. Where that does
 * not help (all together are too large), by topic, then by halves.
 */
function takeApart(code: FaultCode, { entries, suspectOut }: Piece): Piece[] {
  if (code === 'RECORD_REJECTED' && !suspectOut) {
    const largest = entries.reduce((a, b) => (b.value.byteLength > a.value.byteLength ? b : a))
    const suspect = keyName(largest)
    const others = entries.filter((entry) => keyName(entry) !== suspect)
    const own = entries.filter((entry) => keyName(entry) === suspect)
    return [others, own].map((part) => ({ entries: part, suspectOut: true }))
  }
  const topics = [...Map.groupBy(entries, (entry) => entry.topic).values()]
  const middle = Math.ceil(entries.length / 2)
  const parts = topics.length > 1 ? topics : [entries.slice(0, middle), entries.slice(middle)]
  return parts.map((part) => ({ entries: part, suspectOut }))
}

function isOneTopic(entries: readonly OutboxEntry[]): boolean {
  return entries.every((entry) => entry.topic === entries[0]?.topic)
}

/** One send: where the records landed, or why it failed. */
async function send(
  piece: readonly OutboxEntry[],
  context: PublishContext,
): Promise<Landed[] | GatewayError> {
  const startedMs = context.clock.monotonicMs()
  const records = toRecords(piece)
  if (records instanceof GatewayError) return records
  try {
    const landed = await context.publisher.publish(records)
    context.onAnswer(null)
    context.log.info('relay.published', {
      records: piece.length,
      partitions: landed.length,
      seqFirst: piece[0]?.seq,
      seqLast: piece.at(-1)?.seq,
      publishMs: Math.round(context.clock.monotonicMs() - startedMs),
    })
    return [...landed]
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    context.onAnswer(isRefusal(error) ? null : error)
    return error
  }
}

/** Of a record or of a topic. Everything else is waited out, whatever it is called. */
function isRefusal({ code }: GatewayError): boolean {
  return code === 'RECORD_REJECTED' || code === 'TOPIC_REJECTED'
}

/** What cannot be read counts as refused: one such entry must not hold up all others for ever. */
function toRecords(piece: readonly OutboxEntry[]): PublishRecord[] | GatewayError {
  try {
    return piece.map(toPublishRecord)
  } catch (cause) {
    const why = cause instanceof GatewayError ? cause.detail : messageOf(cause)
    return new GatewayError('RECORD_REJECTED', `it cannot be read: ${why}`, { cause })
  }
}

async function waitOut(
  fault: GatewayError,
  failures: number,
  context: PublishContext,
): Promise<void> {
  const waitMs = backoffMs(CLUSTER_BACKOFF, failures)
  context.log.warn('relay.unavailable', {
    code: fault.code,
    detail: fault.detail,
    failures,
    waitMs,
  })
  await context.clock.sleep(waitMs, context.signal)
}

function toRanges(piece: readonly OutboxEntry[], landed: readonly Landed[]): PublishedRange[] {
  const missing = new Set(piece.keys())
  const ranges = landed.map(({ topic, partition, partitions, baseOffset, positions }) => {
    const seqs = positions.map((position) => {
      const entry = piece[position]
      assert(
        entry?.topic === topic && missing.delete(position),
        'a record lands once, on its own topic',
      )
      return entry.seq
    })
    return {
      topic,
      partition,
      partitions,
      seqFirst: Math.min(...seqs),
      seqLast: Math.max(...seqs),
      records: seqs.length,
      baseOffset,
    }
  })
  assert(missing.size === 0, 'every record that was sent has landed')
  return ranges
}
