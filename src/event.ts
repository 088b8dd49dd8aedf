import type { EpochMs } from './clock.ts'
import type { VerifiedBody } from './delivery.ts'
import type { FaultCode } from './faults/faults.ts'
import { REASON_CHARS_MAX } from './limits/observing.ts'
import type { OutboxRecord } from './record.ts'

/**
 * What became of an event when it was stored. Only `accepted` ones have records; each of the others
 * is kept, visible and replayable.
 */
export const EVENT_STATES = ['accepted', 'ignored', 'invalid', 'failed'] as const
export type EventState = (typeof EVENT_STATES)[number]

/** One event on its way into the inbox, with everything that is committed beside it. */
export interface NewEvent {
  readonly source: string
  readonly eventId: string
  /** See `Verified.eventIdValidMs`. */
  readonly eventIdValidMs: number | undefined
  readonly type: string
  readonly key: string
  readonly contentType: string
  /** Allow-listed request headers, lower case, as one JSON object; null where none is kept. */
  readonly headers: string | null
  readonly receivedAt: EpochMs
  readonly state: EventState
  /** Why it is not `accepted`, in one line, without payload; null where it is. */
  readonly reason: string | null
  readonly body: VerifiedBody
  /**
   * Of an event of a batch: everything that the request brought, of which `body` is a part. All of
   * its events share it, and are committed together.
   */
  readonly request?: VerifiedBody
  /** What to publish, in order; empty unless `accepted`. */
  readonly records: readonly OutboxRecord[]
  /** When its handler is tried again; absent: never. Only a `failed` event has it. */
  readonly retryAt?: EpochMs | undefined
}

/** Why an event is not `accepted`, as it is stored. */
export function reasonOf({ code, detail }: { code: FaultCode; detail: string }): string {
  return `${code}: ${detail}`.slice(0, REASON_CHARS_MAX)
}

/** What is kept of an event, as far as its handler needs it. */
export interface KeptEvent {
  readonly seq: number
  readonly source: string
  readonly eventId: string
  readonly type: string
  readonly key: string
  readonly contentType: string
  readonly receivedAt: EpochMs
  readonly body: VerifiedBody
}

/** What a commit answers, once it is on disk. */
export type Committed =
  | { readonly kind: 'stored'; /** The inbox seq: commit order. */ readonly seq: number }
  | {
      readonly kind: 'duplicate'
      /** The inbox seq of the first delivery. */
      readonly seq: number
      /** False where this delivery had other bytes than the first. */
      readonly sameBody: boolean
    }
