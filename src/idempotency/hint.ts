import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'

/**
 * What several nodes that share sources tell each other through Redis: who is storing an event
 * right now, and who has stored it. Only ever a hint: SQLite is the truth, and without Redis intake
 * goes on. Nothing here rejects or throws.
 */
export interface Hint {
  /**
   * Says that this node is about to store an event, and asks whether another one does or did.
   * Answers within `HINT_MS_MAX`, and at once where there is nobody to ask. Call it with verified
   * deliveries only: an unsigned one could burn a future id. `validMs` is how long the id names the
   * event, where that is shorter than events are kept.
   */
  claim(source: string, eventId: string, validMs?: number): Claim | Promise<Claim>
  /**
   * Says that the event of this claim is on disk. Only for what this delivery stored: a duplicate
   * is released, for its row may be old, and Redis must forget an event no later than the disk
   * does.
   */
  done(claim: Mine): Promise<void>
  /**
   * Gives a claim back where nothing was stored; another's claim, and what was stored before,
   * stays.
   */
  release(claim: Mine): Promise<void>
  /** How many claims ended in each way since the start. */
  counts(): HintCounts
  /** Whether Redis answers; `off`: there is none. */
  state(): 'off' | 'up' | 'down'
  /**
   * Lets calls on their way finish, at most `HINT_MS_MAX`, and closes the connection; later claims
   * are skipped.
   */
  close(): Promise<void>
}

/** What Redis knows about an event. */
export type Claim =
  | Mine
  /** Another node is storing it: neither acknowledge nor store it, the provider tries again. */
  | { readonly kind: 'claimed' }
  /** Another node has it on its disk: a duplicate. */
  | { readonly kind: 'done' }
  /** Redis could not be asked: go on without. */
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/** Nobody else has it, or only this node does: ask SQLite. End it with `done` or `release`. */
export interface Mine {
  readonly kind: 'mine'
  readonly key: string
  /** Fresh for each attempt: what makes this claim ours and no other's. */
  readonly token: string
  /** How long `done` may last, in ms. */
  readonly doneTtlMs: number
}

/**
 * Why Redis was not asked: `off`, there is none; `timeout`, no answer within `HINT_MS_MAX`, so that
 * nobody knows what it did; `failed`, unreachable or an error; `nonsense`, the key holds nothing we
 * wrote; `paused`, it failed too often just now; `closed`, we are shutting down.
 */
export type SkipReason = 'off' | 'timeout' | 'failed' | 'nonsense' | 'paused' | 'closed'

export type HintCounts = Readonly<Record<Claim['kind'], number>>

export interface HintOptions {
  /**
   * The name of this node, different from every other's. Nodes of one name do not see each other's
   * duplicates.
   */
  readonly node: string
  /**
   * The epoch of this node's database; a restored one has a new one. Tells people where a value
   * came from.
   */
  readonly epoch: string
  /** How long another node may call an event done, in ms: at most what the disk keeps. */
  readonly doneTtlMs: number
  readonly clock: Clock
  readonly log: Log
}
