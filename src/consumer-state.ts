/** What consumers keep beside their position: a value for each key, and windows. */
import type { EpochMs } from './clock.ts'
import type { Place } from './consumer.ts'
import type { SpanBounds } from './window.ts'

/** The state of a record's key, as its handler sees it. */
export interface KeyedState<State> {
  /** As the last record of this key has left it; undefined: there is none. */
  get(): State | undefined
  /** What is set is on disk when the record counts as processed, or not at all. */
  set(state: State): void
  delete(): void
}

/** A window as it is stored. */
export interface StoredWindow extends Place {
  readonly key: string
  readonly start: EpochMs
  readonly end: EpochMs
  /** The watermark at which something is to be done with it. */
  readonly dueAt: EpochMs
  readonly isClosed: boolean
  /** JSON. */
  readonly state: string
}

export type WindowName = Pick<StoredWindow, 'topic' | 'partition' | 'key' | 'start' | 'end'>

/** One change of what a consumer keeps. */
export type StateChange =
  | {
      readonly kind: 'value'
      readonly key: string
      /** JSON; null: deleted. */
      readonly value: string | null
      /** There was none before: it is one entry more. */
      readonly isNew: boolean
    }
  | { readonly kind: 'window'; readonly window: StoredWindow; readonly isNew: boolean }
  | { readonly kind: 'window-gone'; readonly window: WindowName }
  | { readonly kind: 'watermark'; readonly place: Place; readonly watermark: EpochMs }

/** Changes of what a consumer keeps, for whoever stores them. */
export interface KeptChanges {
  /** See `Consumer`. */
  readonly owner: string
  readonly at: EpochMs
  readonly changes: readonly StateChange[]
}

/** Reads what is stored; `owner` is that of the consumer. */
export interface StoredState {
  value(owner: string, key: string): string | undefined
  /** Keys that have a value, and windows. */
  count(owner: string): number
  /** Those of a key within the bounds, the earliest first. */
  windowsOf(owner: string, place: Place, near: KeyedSpan): readonly StoredWindow[]
  /** At most `limit` that are due at this watermark, the earliest first. */
  due(owner: string, place: Place, until: DueUntil): readonly StoredWindow[]
  watermark(owner: string, place: Place): EpochMs | undefined
}

/** What of a key is asked for. */
export interface KeyedSpan extends SpanBounds {
  readonly key: string
}

export interface DueUntil {
  readonly watermark: EpochMs
  readonly limit: number
}
