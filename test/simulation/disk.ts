import { assert } from '../../src/assert.ts'
import type { Applied, GroupCommitPorts, Item } from '../../db/group-commit.ts'
import type { Committed, NewEvent } from '../../src/event.ts'
import type { OutboxEntry, RelayMark } from '../../src/outbox.ts'
import type { OutboxReader } from '../../src/relay/ports.ts'

/** What a transaction has done so far. */
export interface Draft {
  changed: boolean
}

interface State {
  /** Stored events; each has one record, so the place in the list is the seq of both. */
  readonly events: readonly NewEvent[]
  readonly highWater: number
}

/**
 * The tables of one node in memory: what is committed, and what of it is on disk. A killed process
 * leaves the first, a power cut may leave only the second.
 */
export class Disk {
  #committed: State = { events: [], highWater: 0 }
  #synced: State = this.#committed

  get highWater(): number {
    return this.#committed.highWater
  }

  get syncedSeq(): number {
    return this.#synced.events.length
  }

  holds(eventId: string): boolean {
    return this.#synced.events.some((event) => event.eventId === eventId)
  }

  sync(): void {
    this.#synced = this.#committed
  }

  cutPower(): void {
    this.#committed = this.#synced
  }

  /** One transaction: all of it, or nothing where one throws. */
  apply(batch: readonly Item<Draft>[]): Applied {
    const before = this.#committed
    try {
      const draft: Draft = { changed: false }
      const answers = batch.map((item) => item.run(draft))
      return { answers, changed: draft.changed }
    } catch (error) {
      this.#committed = before
      throw error
    }
  }

  store(draft: Draft, event: NewEvent): Committed {
    const { events } = this.#committed
    const at = events.findIndex(({ eventId }) => eventId === event.eventId)
    if (at !== -1) return { kind: 'duplicate', seq: at + 1, sameBody: true }
    draft.changed = true
    this.#committed = { ...this.#committed, events: [...events, event] }
    return { kind: 'stored', seq: events.length + 1 }
  }

  mark(draft: Draft, { from, to, exceptions, settled }: RelayMark): void {
    assert(from === this.highWater && to >= from, 'the high-water mark moves on from where it is')
    assert(exceptions.length + settled.length === 0, 'this Kafka refuses no record and no topic')
    draft.changed = true
    this.#committed = { ...this.#committed, highWater: to }
  }

  reader(): OutboxReader {
    return {
      progress: () => this.highWater,
      pending: ({ after, upTo, entriesMax }) =>
        this.#committed.events
          .slice(after, Math.min(upTo, after + entriesMax))
          .map((event, at) => toEntry(event, after + at + 1)),
      exceptions: () => [],
      heads: () => [],
      blockedKeys: () => [],
    }
  }
}

/** How the writer reaches it. */
export type DiskPorts = Pick<GroupCommitPorts<Draft>, 'apply' | 'sync'>

function toEntry(event: NewEvent, seq: number): OutboxEntry {
  const { key, body, source, eventId, type, contentType, receivedAt } = event
  return {
    seq,
    n: 0,
    topic: 'events',
    key,
    headers: null,
    eventHeaders: null,
    value: body,
    inboxSeq: seq,
    source,
    eventId,
    type,
    contentType,
    receivedAt,
  }
}
