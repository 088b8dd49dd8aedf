/** Keys that a provider publishes, and what a verifier does where it has not seen one yet. */
import type { KeyObject } from 'node:crypto'
import type { EpochMs } from './clock.ts'
import type { Refused } from './delivery.ts'
import type { OutboundAnswer, OutboundCall } from './outbound-call.ts'

/** What was found at a place. */
export interface KeySet {
  /** By id, where they have one. */
  readonly keys: ReadonlyMap<string, KeyObject>
  /** When they end by themselves, as certificates do; undefined: never. */
  readonly validUntil: EpochMs | undefined
}

/** Where a provider publishes keys. */
export interface KeyPlace {
  /** What it is remembered by: two places of one id have the same keys. */
  readonly id: string
  /** Who asks: places of one family share the look-ups that unknown ids may cause. */
  readonly family: string
  readonly call: OutboundCall
  /**
   * Reads the answer; undefined where it says that there is no such key.
   *
   * @throws anything where the answer is none: that is a failure, and proves nothing.
   */
  readonly read: (answer: OutboundAnswer, now: EpochMs) => KeySet | undefined
}

/** A key that has to be fetched before a delivery can be judged. */
export interface KeyNeeded {
  readonly kind: 'key-needed'
  /** Resolves once it makes sense to verify again, or with why it does not. Never rejects. */
  readonly fetch: () => Promise<Refused | undefined>
}

export type FoundKeys =
  | { readonly kind: 'found'; readonly keys: readonly KeyObject[] }
  /** The place has been asked just now, and has no such key. */
  | { readonly kind: 'unknown' }
  /** It was asked just now, and did not answer. */
  | Refused
  | KeyNeeded

/** Looks for the keys of a place, without waiting: all of them, or the one with this id. */
export type FindKeys = (place: KeyPlace, keyId?: string) => FoundKeys
