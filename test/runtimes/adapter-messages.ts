/** What the tests and the adapters on Deno say to each other: a line of JSON each. */
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
  | { readonly name: 'openPublisher'; readonly brokers: string }
  | { readonly name: 'publish'; readonly records: readonly WireRecord[] }
  | { readonly name: 'close' }

/** Time is the test's: each call brings it along. */
export interface Times {
  readonly nowMs: number
  readonly monotonicMs: number
}

export type ToDeno =
  | { readonly id: number; readonly of: number; readonly call: Call; readonly times: Times }
  /** A sleep has ended. */
  | { readonly wake: number }

export type FromDeno =
  | { readonly id: number; readonly value: unknown; readonly counts?: HintCounts }
  | { readonly id: number; readonly code: string; readonly detail: string }
  /** An adapter sleeps, from the time of its last call on. */
  | { readonly sleep: number; readonly of: number; readonly ms: number; readonly sinceMs: number }
  | { readonly cancel: number }
  | { readonly log: string; readonly of: number; readonly fields?: LogFields | undefined }
