import type { StoredRecord } from '../support/topics.ts'

/** One event that a sender sent: `n` counts up within its key. */
export interface SentEvent {
  readonly id: string
  readonly key: string
  readonly n: number
}

/**
 * What the sender saw, kept outside of the gateway. An event that never got a 2xx may be anywhere.
 */
export interface Ledger {
  readonly acked: readonly SentEvent[]
}

/** What the topic says of the ledger. */
export interface Audit {
  readonly acked: number
  /** Acknowledged events that are not on the topic. */
  readonly lost: number
  /** Records beyond the first of each event. */
  readonly duplicates: number
  /** Events whose first appearance stands before that of an earlier event of their key. */
  readonly inversions: number
}

/** Compares the ledger with the whole topic, in order of partition and offset. */
export function audit(ledger: Ledger, records: readonly StoredRecord[]): Audit {
  const byId = new Map(ledger.acked.map((event) => [event.id, event]))
  const seen = new Set<string>()
  const lastOfKey = new Map<string, number>()
  let inversions = 0
  for (const record of records) {
    const id = record.headers['ce_id'] ?? ''
    if (seen.has(id)) continue
    seen.add(id)
    const event = byId.get(id)
    if (event === undefined) continue
    const last = lastOfKey.get(event.key) ?? -1
    if (event.n < last) inversions += 1
    lastOfKey.set(event.key, Math.max(last, event.n))
  }
  return {
    acked: ledger.acked.length,
    lost: ledger.acked.filter(({ id }) => !seen.has(id)).length,
    duplicates: records.length - seen.size,
    inversions,
  }
}

/**
 * How many events were stored more than once, by one gateway with one database: a relay that
 * repeats itself repeats the seq of the event, too. Their copies must not hide among its own.
 */
export function countStoredTwice(records: readonly StoredRecord[]): number {
  const first = new Map<string, string | undefined>()
  const again = new Set<string>()
  for (const { headers } of records) {
    const id = headers['ce_id'] ?? ''
    const seq = headers['inlet-seq']
    if (first.has(id) && first.get(id) !== seq) again.add(id)
    first.set(id, first.get(id) ?? seq)
  }
  return again.size
}
