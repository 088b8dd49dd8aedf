import type { EpochMs } from './clock.ts'
import type { FaultCode } from './faults/faults.ts'
import type { KeyNeeded } from './key-place.ts'
import type { OutboundCall } from './outbound-call.ts'
import type { TraceContext } from './trace-context.ts'

/** One HTTP request that hands us an event: exactly what arrived, nothing interpreted. */
export interface Delivery {
  /** The name of the configured source, from the path. */
  readonly source: string
  readonly method: string
  /**
   * The request's URL as it arrived. Only its query is ever signed over: the rest of what providers
   * sign is the registered URL.
   */
  readonly url: string
  readonly headers: Headers
  /** The exact bytes of the body. */
  readonly body: Uint8Array
  readonly receivedAt: EpochMs
  /** Its own span, where it is traced: its event is stored with it instead of what it came with. */
  readonly trace?: TraceContext
}

declare const verifiedBody: unique symbol

/**
 * Bytes whose signature matched. Only a source's verifier makes one, so no later step can
 * be handed raw input.
 */
export type VerifiedBody = Uint8Array & { readonly [verifiedBody]: true }

/** The body as data: a JSON document, or why it is none, or a body that never claimed to be one. */
export type ParsedBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'not-json'; readonly reason: string }
  | { readonly kind: 'opaque' }

/** What a provider demands to be answered, where that is not ours to choose. */
export interface Answer {
  readonly status: number
  /** Lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** A delivery that its provider signed, with the event it carries identified. */
export interface Verified {
  readonly kind: 'verified'
  readonly body: VerifiedBody
  readonly parsed: ParsedBody
  /** What makes a redelivery recognisable, within its source. */
  readonly eventId: string
  /**
   * How long this id names the event, in ms; undefined: as long as events are kept.
   * Short where the id is only the hash of a body that nothing dates.
   */
  readonly eventIdValidMs: number | undefined
  /**
   * The provider's name for what happened, e.g. `pull_request.opened`; `unknown`
   * where it gives none.
   */
  readonly type: string
  /** The catalogue's partition key; undefined where the provider has none. */
  readonly key: string | undefined
  readonly contentType: string
  /**
   * Which of the source's secrets proved it, 0 for the first: shows when an old one is no longer
   * used. Absent where none was asked for.
   */
  readonly secretIndex?: number | undefined
  /** When its provider signed it, by its provider's clock; absent where that is not signed. */
  readonly signedAt?: EpochMs | undefined
  /** What its provider demands to be answered once it is stored; absent: 202, or 200. */
  readonly answer?: Answer | undefined
}

/** A delivery that its provider signed, with several events in it. */
export interface VerifiedBatch {
  readonly kind: 'batch'
  /** All that was received. */
  readonly body: VerifiedBody
  /**
   * Each with its own bytes of the body, exactly as they stand in it; none where the provider only
   * asks whether somebody is there.
   */
  readonly events: readonly Verified[]
  /** See `Verified`. */
  readonly secretIndex: number | undefined
  readonly answer: Answer | undefined
}

/** Why a delivery is not proven, for the log and for counters: its sender is never told. */
export const FAILED_STEPS = [
  /** Nothing that could prove it, or a value that is signed, is there. */
  'missing_header',
  /** The time that has to be signed with it is not there. */
  'missing_time',
  /** What is there is not written as the provider writes it. */
  'bad_encoding',
  'bad_time',
  /** The provider signs in a version that this scheme is not. */
  'wrong_version',
  'wrong_algorithm',
  /** It is signed with a key that is not the source's, or that the provider does not publish. */
  'unknown_key',
  'mismatch',
  /** It is signed, and a claim of its token is not what it must be. */
  'wrong_claim',
  /** It is signed, and too old or too new. */
  'stale',
] as const
export type FailedStep = (typeof FAILED_STEPS)[number]

/** What is wrong with one event: where, and what; never a value. */
export interface EventIssue {
  /** Its position in a batch, from 0; undefined where the request is one event. */
  readonly element?: number
  /** The attribute, or the path in the data; empty where it is the whole of it. */
  readonly at: string
  readonly message: string
}

/** A delivery that is not taken, and why. Nothing of it is stored. */
export interface Refused {
  readonly kind: 'refused'
  readonly code: FaultCode
  /** What exactly did not hold: names the header or the field, never a value. */
  readonly detail: string
  /** Everything that is wrong with the events of the request, where its sender can mend it. */
  readonly issues?: readonly EventIssue[]
  /** What exactly went wrong with us: for the log, and not for the sender. */
  readonly cause?: string
  /** When the same request would pass, in seconds, where that is known. */
  readonly retryAfterS?: number
  /** The log has one line a second for all of its kind, not one for each. */
  readonly isSummedUp?: boolean
  /** Which step of proving it failed: for the log and counters, never for the sender. */
  readonly step?: FailedStep
  /** When it was signed, where that is proven, and too long ago or yet to come. */
  readonly signedAt?: EpochMs
  /**
   * The status that its provider demands, and then without a body. Default: the fault's, with a
   * problem document.
   */
  readonly status?: number
}

/** A provider's own probe of the endpoint: no event, but an answer. */
export interface Handshake {
  readonly kind: 'handshake'
  /** The provider's name for it. */
  readonly name: string
  readonly answer: Answer
  /** The secret of all later deliveries: taken only while somebody waits for it. */
  readonly learn?: string
  /** A call that the provider asks for, made after the answer. */
  readonly confirm?: OutboundCall
}

/** What a source's verifier makes of a delivery. */
export type Verdict = Verified | VerifiedBatch | Refused | Handshake | KeyNeeded

/**
 * Turns deliveries of one source into verified ones. Synchronous: where it takes a key that nobody
 * has fetched yet, the verdict says so, and how to get it.
 */
export type Verifier = (delivery: Delivery) => Verdict
