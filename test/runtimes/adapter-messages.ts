/** What tests and adapters on another runtime say to each other: a line of JSON each. */
import type { HintCounts, Mine } from '../../src/idempotency/hint.ts'
import type { LogFields } from '../../src/log.ts'
import type { PublishRecord } from '../../src/record.ts'

/** The Redis that a hint asks, by its protocol or by Upstash's. */
export type Way =
  | { readonly kind: 'redis'; readonly url: string }
  | { readonly kind: 'upstash'; readonly url: string; readonly token: string }

/** A record whose value is base64. */
export type WireRecord = Omit<PublishRecord, 'value' | 'trace'> & { readonly value: string }

export type Call =
  | {
      readonly name: 'openHint'
      readonly way: Way
      readonly node: string
      readonly epoch: string
      readonly doneTtlMs: number
    }
  | {
      readonly name: 'claim'
      readonly source: string
      readonly eventId: string
      readonly validMs?: number | undefined
    }
  | { readonly name: 'done' | 'release'; readonly claim: Mine }
  | { readonly name: 'openPublisher'; readonly broker: string }
  | { readonly name: 'publish'; readonly records: readonly WireRecord[] }
  | { readonly name: 'close' }

/** Time is the test's: each call brings it along. */
export interface Times {
  readonly nowMs: number
  readonly monotonicMs: number
}

/** A call of an adapter, which `of` numbers. */
export interface Asked {
  readonly id: number
  readonly of: number
  readonly call: Call
  readonly times: Times
}

/** What a call came to; `counts` are those of its hint. */
export interface Answered {
  readonly id: number
  readonly value: unknown
  readonly counts?: HintCounts
}

export type ToAdapters = Asked | { /** A sleep has ended. */ readonly wake: number }

export type FromAdapters =
  | Answered
  | { readonly id: number; readonly code: string; readonly detail: string }
  /** An adapter sleeps, from the time of its last call on. */
  | { readonly sleep: number; readonly of: number; readonly ms: number; readonly sinceMs: number }
  | { readonly cancel: number }
  | { readonly log: string; readonly of: number; readonly fields?: LogFields | undefined }
