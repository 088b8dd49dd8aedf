import { backoffMs, type Backoff } from '../backoff.ts'
import type { EpochMs } from '../clock.ts'
import { FAULTS } from '../faults/faults.ts'
import type { Log } from '../log.ts'
import type { EntryException, OutboxEntry, RelayMark } from '../outbox.ts'
import { keyName } from './publish.ts'
import type { Outcome, OutboxReader, SetAside } from './ports.ts'

/** Between two tries of a topic that Kafka refuses: a person has to create it or grant access. */
const TOPIC_BACKOFF: Backoff = { baseMs: 1_000, maxMs: 60_000 }

/**
 * The open breakers by topic: each is the earliest entry of its topic with status `retry`, and its
 * `nextAt` is the breaker's. There is no other state: a crash, a redrive and a second look all find
 * the same.
 */
export function openBreakers(outbox: OutboxReader): Map<string, EntryException> {
  return new Map(outbox.heads().map((head) => [head.topic, head]))
}

/**
 * How long the topic still has to wait, in ms. A wall clock that was set back must not make it wait
 * longer than ever.
 */
export function msUntilDue(head: EntryException, now: EpochMs): number {
  const waitMs = (head.nextAt ?? now) - now
  return waitMs > TOPIC_BACKOFF.maxMs ? 0 : Math.max(0, waitMs)
}

/**
 * Splits off the entries that wait behind others of their topic; behind blocked ones of their key
 * they go with the send.
 */
export function holdBack(
  entries: readonly OutboxEntry[],
  breakers: ReadonlyMap<string, EntryException>,
  blockedKeys: ReadonlySet<string>,
): { readonly sendable: readonly OutboxEntry[]; readonly held: readonly EntryException[] } {
  const sendable: OutboxEntry[] = []
  const held: EntryException[] = []
  for (const entry of entries) {
    const head = breakers.get(entry.topic)
    if (head === undefined || blockedKeys.has(keyName(entry))) {
      sendable.push(entry)
    } else {
      const { nextAt, code, reason } = head
      held.push({ ...nameOf(entry), status: 'retry', attempts: 0, nextAt, code, reason })
    }
  }
  return { sendable, held }
}

/** The exceptions that a first try of entries leaves. */
export function exceptionsOf(outcome: Outcome, now: EpochMs): EntryException[] {
  const nextAt = now + backoffMs(TOPIC_BACKOFF, 1)
  const retries = outcome.turnedAway.map(({ entry, reason }): EntryException => {
    const code = 'TOPIC_REJECTED'
    return { ...nameOf(entry), status: 'retry', attempts: 1, nextAt, code, reason }
  })
  return [...blockedOf(outcome, new Map()), ...retries]
}

/**
 * What a further try changes. Of a topic that is still refused only the head is rewritten: the
 * others wait behind it.
 */
export function exceptionsOfRetry(
  outcome: Outcome,
  tried: readonly SetAside[],
  now: EpochMs,
): EntryException[] {
  const attempts = new Map(tried.map(({ entry, exception }) => [entry.seq, exception.attempts]))
  const exceptions = blockedOf(outcome, attempts)
  const [head] = outcome.turnedAway.toSorted((a, b) => a.entry.seq - b.entry.seq)
  if (head !== undefined) {
    const attempt = (attempts.get(head.entry.seq) ?? 0) + 1
    exceptions.push({
      ...nameOf(head.entry),
      status: 'retry',
      attempts: attempt,
      nextAt: now + backoffMs(TOPIC_BACKOFF, attempt),
      code: 'TOPIC_REJECTED',
      reason: head.reason,
    })
  }
  return exceptions
}

/**
 * One line for each topic and status. Entries that only joined a queue without being tried are not
 * news.
 */
export function logSetAside(log: Log, mark: RelayMark): void {
  const tried = mark.exceptions.filter((exception) => exception.attempts > 0)
  const groups = Map.groupBy(tried, ({ topic, status }) => `${topic} ${status}`)
  for (const [first, ...others] of groups.values()) {
    if (first === undefined) continue
    const { seq, topic, status, attempts, code, reason } = first
    const entries = 1 + others.length
    const { hint } = FAULTS[code]
    const line = { topic, status, entries, seq, attempts, code, reason, hint }
    log.warn('relay.set_aside', line)
  }
}

function blockedOf(outcome: Outcome, attempts: ReadonlyMap<number, number>): EntryException[] {
  return outcome.blocked.map(({ entry, reason, tried }) => ({
    ...nameOf(entry),
    status: 'blocked',
    attempts: (attempts.get(entry.seq) ?? 0) + (tried ? 1 : 0),
    nextAt: null,
    code: entry.damage === undefined ? 'RECORD_REJECTED' : 'STORAGE_DAMAGED',
    reason,
  }))
}

function nameOf({ seq, topic, key }: OutboxEntry) {
  return { seq, topic, key }
}
