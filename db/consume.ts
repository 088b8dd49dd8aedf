/**
 * What a consumer has processed: identities are events of the inbox, with the records that handlers
 * made of them; positions stand beside them, and move in the same transaction.
 */
import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import type {
  ConsumeCommit,
  ConsumerPosition,
  NotFound,
  Place,
  ProcessedRecord,
  StoredPosition,
} from '../src/consumer.ts'
import type { Committed, NewEvent } from '../src/event.ts'
import type { InletDatabase, Reader } from './open.ts'
import { openStateChanges } from './consumer-state.ts'
import { consumerPositions } from './schema.ts'
import type { LookedFor } from './shared-ids.ts'
import { slots } from './slots.ts'

/** Applies a commit, inside a transaction. */
export type Consume = (commit: ConsumeCommit, inbox: ConsumeInbox) => void

/** What a commit does with the inbox. */
export interface ConsumeInbox {
  /** Stores an event with its records, or recognises a duplicate. */
  readonly store: (event: NewEvent) => Committed
  /** Stores one event for those that are not known; answers with their ids. */
  readonly storeShared: (shared: LookedFor) => Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>
}

const NO_CHANGES: NonNullable<ProcessedRecord['changes']> = []

export function openConsume(database: InletDatabase): Consume {
  const move = prepareMove(database)
  const change = openStateChanges(database)
  return ({ group, owner, source, at, processed, positions }, { store, storeShared }) => {
    const ids = new Map<string, NotFound | undefined>()
    for (const { ignored, notFound } of processed) {
      if (ignored !== undefined) ids.set(ignored, notFound)
    }
    const ignored = storeShared({ source, at, ids })
    // One that is known already changes nothing: its first processing counts.
    let unapplied: Set<string> | undefined
    for (const { event, ignored: id, changes = NO_CHANGES } of processed) {
      if (id !== undefined && changes.length > 0) {
        unapplied ??= new Set(ignored.keys())
        if (!unapplied.delete(id)) continue
      }
      if (event !== undefined) {
        if (ignored.has(event.eventId) || store(event).kind === 'duplicate') continue
      }
      for (const each of changes) change(owner, each, at)
    }
    for (const position of positions) move.run({ group, epoch: database.epoch, ...position })
  }
}

/** Reads how far consumers are. */
export interface ConsumerPositions {
  /** Undefined where this file has never consumed the partition for the group. */
  find(group: string, place: Place): StoredPosition | undefined
  ofGroup(group: string): readonly ConsumerPosition[]
}

export function openConsumerPositions({ orm }: Reader): ConsumerPositions {
  const slot = sql.placeholder
  const { group, topic, partition, offset, epoch } = consumerPositions
  const ownEpoch = sql`(SELECT value FROM meta WHERE name = 'epoch')`
  const ofGroup = eq(group, slot('group'))
  const one = orm
    .select({ offset, isRestored: sql<number>`${epoch} IS NOT ${ownEpoch}` })
    .from(consumerPositions)
    .where(and(ofGroup, eq(topic, slot('topic')), eq(partition, slot('partition'))))
    .prepare()
  const all = orm
    .select({ topic, partition, offset })
    .from(consumerPositions)
    .where(ofGroup)
    .orderBy(topic, partition)
    .prepare()
  return {
    find(name, place) {
      const found = one.get({ group: name, ...place })
      return found && { offset: found.offset, isRestored: found.isRestored === 1 }
    },
    ofGroup: (name) => all.all({ group: name }),
  }
}

function prepareMove({ orm }: InletDatabase) {
  const { group, topic, partition } = consumerPositions
  return orm
    .insert(consumerPositions)
    .values(slots(getTableColumns(consumerPositions)))
    .onConflictDoUpdate({
      target: [group, topic, partition],
      set: { offset: sql`excluded.offset`, epoch: sql`excluded.epoch` },
    })
    .prepare()
}
