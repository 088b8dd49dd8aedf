/** What the main thread and the one that reads for people say to each other. */
import type { EventSearch, EventsFound } from '../../db/event-search.ts'
import type { EntryRange } from '../../db/rerun-scan.ts'
import type { OutboxQuery } from '../admin-api/events.ts'
import type { EventsPage, OutboxPage } from '../admin-api/events.ts'
import type { RerunKind } from '../rerun.ts'

/** What the database file is like. */
export interface StoredFacts {
  /** The name of the node that it belongs to. */
  readonly node: string
  readonly bytes: number
  readonly walBytes: number
  readonly events: number
  readonly oldest: string | null
}

/** Every question: what it is asked with, and what is answered. */
export interface Questions {
  readonly search: { readonly asked: EventSearch; readonly told: EventsPage }
  /**
   * The JSON of an `EventDetail`, undefined where there is none: it may hold megabytes, and to
   * write them out is not for the thread of intake.
   */
  readonly event: { readonly asked: number; readonly told: string | undefined }
  readonly body: { readonly asked: number; readonly told: Uint8Array<ArrayBuffer> | undefined }
  readonly outbox: { readonly asked: OutboxQuery; readonly told: OutboxPage }
  /** What a rerun does next, and what it would send. */
  readonly seqs: { readonly asked: EventSearch; readonly told: EventsFound }
  readonly entries: { readonly asked: EntryRange; readonly told: readonly number[] }
  readonly topics: {
    readonly asked: { readonly kind: RerunKind; readonly seqs: readonly number[] }
    readonly told: readonly string[]
  }
  readonly facts: { readonly asked: null; readonly told: StoredFacts }
}

/** Asks one of them. */
export type Ask = <Name extends keyof Questions>(
  name: Name,
  asked: Questions[Name]['asked'],
) => Promise<Questions[Name]['told']>

export type ToQuery =
  | { readonly kind: 'start'; readonly path: string }
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly name: keyof Questions
      readonly asked: unknown
    }

export type FromQuery =
  | { readonly kind: 'told'; readonly id: number; readonly told: unknown }
  /** This question cannot be answered; others can. */
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string }
