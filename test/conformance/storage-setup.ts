/**
 * What the cases of the storage suite ask of a storage, and what they store. They run where there
 * is no `bun:test`, too: in workerd and on Deno.
 */
import type { Committed, NewEvent } from '../../src/event.ts'
import type { AnswerToKeep, IdempotentAnswer } from '../../src/idempotent-answer.ts'
import type { EntryException, ExceptionStatus, OutboxEntry, RelayMark } from '../../src/outbox.ts'
import type { PortableStore } from '../../db/portable/portable-store.ts'

export const RETENTION_MS = 7 * 24 * 60 * 60 * 1000

/** A storage of its own, empty, with a clock that the case moves. */
export interface StorageRig extends AsyncDisposable {
  commit(event: NewEvent): Promise<Committed>
  commitAll(events: readonly NewEvent[], answer?: AnswerToKeep): Promise<readonly Committed[]>
  findAnswer(caller: string, key: string): Promise<IdempotentAnswer | undefined>
  /** As the one that publishes. */
  mark(mark: RelayMark): Promise<void>
  /** The oldest entries above the high-water mark. */
  pending(query: {
    readonly limit: number
    readonly bytesMax: number
  }): Promise<readonly OutboxEntry[]>
  /** The exceptions of a topic. */
  exceptions(status: ExceptionStatus, topic: string): Promise<readonly EntryException[]>
  /** How many entries are pending, and exceptions. */
  lag(): Promise<Record<'pending' | 'retry' | 'blocked' | 'dead', number>>
  /** Deletes what is past its time, slice after slice; answers how many slices that took. */
  retain(): Promise<number>
  /** Runs one statement beside the storage: faults, and what cannot be asked otherwise. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  advance(ms: number): void
  /** Closes everything, and opens it again as a new process would. */
  restart(): Promise<void>
  /** The store itself, where several processes may share it. */
  readonly shared?: PortableStore
  /** The same, as one opens it that hands events on. */
  readonly handing?: PortableStore
}

export interface StorageCase {
  readonly name: string
  readonly run: (rig: StorageRig) => Promise<void>
}

export const KEEP: AnswerToKeep = {
  caller: 'shop',
  key: 'k1',
  requestHash: 'aa',
  statusIfNew: 202,
  statusIfKnown: 200,
}

/** Everything that is pending. */
export const ALL = { limit: 10_000, bytesMax: 64 * 1024 * 1024 }

/** How many rows there are of everything that a commit may write. */
export async function rowCounts(rig: StorageRig): Promise<Readonly<Record<string, unknown>>> {
  const tables = ['chunks', 'inbox', 'outbox', 'batches', 'handler_retries', 'variants']
  const counts = [...tables, 'idempotency_keys', 'identities'].map(
    (table) => `(SELECT count(*) FROM ${table}) AS ${table}`,
  )
  const [row = {}] = await rig.sql(`SELECT ${counts.join()}`)
  return { ...row }
}
