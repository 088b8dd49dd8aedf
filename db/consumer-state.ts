/** What consumers keep: state by key, windows, and how far event time is. */
import { and, asc, between, eq, getTableColumns, gte, lte, sql } from 'drizzle-orm'
import { unreachable } from '../src/assert.ts'
import type { EpochMs } from '../src/clock.ts'
import type { StateChange, StoredState } from '../src/consumer-state.ts'
import type { InletDatabase, Reader } from './open.ts'
import { consumerState, consumerWatermarks, consumerWindows } from './schema.ts'
import { slots } from './slots.ts'

/** Applies one change, inside a transaction. */
export type ApplyState = (owner: string, change: StateChange, now: EpochMs) => void

export function openStateChanges(database: InletDatabase): ApplyState {
  const statements = prepareChanges(database)
  return (owner, change, now) => {
    switch (change.kind) {
      case 'value': {
        const { key, value } = change
        if (value === null) statements.deleteValue.run({ owner, key })
        else statements.setValue.run({ owner, key, value, updatedAt: now })
        return
      }
      case 'window':
        statements.setWindow.run({ owner, ...change.window })
        return
      case 'window-gone': {
        const { topic, partition, key, start, end } = change.window
        statements.deleteWindow.run({ owner, topic, partition, key, start, end })
        return
      }
      case 'watermark':
        statements.setWatermark.run({ owner, ...change.place, watermark: change.watermark })
        return
      default:
        unreachable(change)
    }
  }
}

/** Reads what is committed. */
export function openStoredState({ orm }: Reader): StoredState {
  const slot = sql.placeholder
  const { owner: ofOwner, key: ofKey, value } = consumerState
  const one = orm
    .select({ value })
    .from(consumerState)
    .where(and(eq(ofOwner, slot('owner')), eq(ofKey, slot('key'))))
    .prepare()
  const countOf = (table: typeof consumerState | typeof consumerWindows) =>
    orm
      .select({ count: sql<number>`count(*)` })
      .from(table)
      .where(eq(table.owner, slot('owner')))
      .prepare()
  const counts = [countOf(consumerState), countOf(consumerWindows)]
  const { owner: _, ...columns } = getTableColumns(consumerWindows)
  const ofPlace = (table: typeof consumerWindows | typeof consumerWatermarks) =>
    and(
      eq(table.owner, slot('owner')),
      eq(table.topic, slot('topic')),
      eq(table.partition, slot('partition')),
    )
  const windowsOf = orm
    .select(columns)
    .from(consumerWindows)
    .where(
      and(
        ofPlace(consumerWindows),
        eq(consumerWindows.key, slot('key')),
        between(consumerWindows.start, slot('startMin'), slot('startMax')),
        gte(consumerWindows.end, slot('endMin')),
      ),
    )
    .orderBy(consumerWindows.start, consumerWindows.end)
    .prepare()
  const due = orm
    .select(columns)
    .from(consumerWindows)
    .where(and(ofPlace(consumerWindows), lte(consumerWindows.dueAt, slot('watermark'))))
    .orderBy(asc(consumerWindows.dueAt))
    .limit(slot('limit'))
    .prepare()
  const watermark = orm
    .select({ watermark: consumerWatermarks.watermark })
    .from(consumerWatermarks)
    .where(ofPlace(consumerWatermarks))
    .prepare()
  return {
    value: (owner, key) => one.get({ owner, key })?.value,
    count: (owner) => counts.reduce((sum, each) => sum + (each.get({ owner })?.count ?? 0), 0),
    windowsOf: (owner, { topic, partition }, near) =>
      windowsOf.all({ owner, topic, partition, ...near }),
    due: (owner, { topic, partition }, until) => due.all({ owner, topic, partition, ...until }),
    watermark: (owner, { topic, partition }) =>
      watermark.get({ owner, topic, partition })?.watermark,
  }
}

function prepareChanges({ orm }: InletDatabase) {
  const slot = sql.placeholder
  const { owner, topic, partition, key, start, end, dueAt, isClosed, state } = consumerWindows
  return {
    setValue: orm
      .insert(consumerState)
      .values(slots(getTableColumns(consumerState)))
      .onConflictDoUpdate({
        target: [consumerState.owner, consumerState.key],
        set: { value: sql`excluded.value`, updatedAt: sql`excluded.updated_at` },
      })
      .prepare(),
    deleteValue: orm
      .delete(consumerState)
      .where(and(eq(consumerState.owner, slot('owner')), eq(consumerState.key, slot('key'))))
      .prepare(),
    setWindow: orm
      .insert(consumerWindows)
      .values(slots(getTableColumns(consumerWindows)))
      .onConflictDoUpdate({
        target: [owner, topic, partition, key, start, end],
        set: {
          dueAt: sql.raw(`excluded.${dueAt.name}`),
          isClosed: sql.raw(`excluded.${isClosed.name}`),
          state: sql.raw(`excluded.${state.name}`),
        },
      })
      .prepare(),
    deleteWindow: orm
      .delete(consumerWindows)
      .where(
        and(
          eq(owner, slot('owner')),
          eq(topic, slot('topic')),
          eq(partition, slot('partition')),
          eq(key, slot('key')),
          eq(start, slot('start')),
          eq(end, slot('end')),
        ),
      )
      .prepare(),
    setWatermark: orm
      .insert(consumerWatermarks)
      .values(slots(getTableColumns(consumerWatermarks)))
      .onConflictDoUpdate({
        target: [consumerWatermarks.owner, consumerWatermarks.topic, consumerWatermarks.partition],
        set: { watermark: sql`excluded.watermark` },
      })
      .prepare(),
  }
}
