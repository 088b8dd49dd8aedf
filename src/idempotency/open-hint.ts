import { createHash } from 'node:crypto'
import { failpoint } from '../failpoint.ts'
import { randomToken } from '../ids.ts'
import { CLAIM_TTL_MS } from '../limits/limits.ts'
import { openGuard } from './guard.ts'
import type { Answer } from './guard.ts'
import type { Claim, Hint, HintOptions, Mine } from './hint.ts'

/**
 * The three commands that the hint needs. A client may reject in any way, be late, or answer
 * anything.
 */
export interface RedisCommands {
  /**
   * `SET key value NX GET PX ttlMs`: null where the key was free and holds `value` now, else what
   * it holds.
   */
  setIfFree(entry: Entry, signal: AbortSignal): Promise<unknown>
  /** `SET key value PX ttlMs`. */
  set(entry: Entry, signal: AbortSignal): Promise<unknown>
  /** Runs `DELETE_IF_EQUAL`. */
  deleteIfEqual(key: string, value: string, signal: AbortSignal): Promise<unknown>
  /** Whether there is a connection; absent where each request makes its own. */
  isConnected?(): boolean
  /** Closes the connection at once, without waiting for Redis. */
  close(): void
}

export interface Entry {
  readonly key: string
  readonly value: string
  readonly ttlMs: number
}

/**
 * Compare and delete in one step: between a GET and a DEL the claim could have become another's.
 */
export const DELETE_IF_EQUAL = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

/** The node's name may contain a colon; what surrounds it does not. */
const VALUE = /^(?<state>claim|done):(?<node>.+):[^:]*:(?<token>[0-9a-f]{32})$/

/** Builds the hint on a Redis. Owns `commands` from here on. */
export function openHint(commands: RedisCommands, options: HintOptions): Hint {
  const guard = openGuard(options)
  const counts = { mine: 0, claimed: 0, done: 0, skipped: 0 }

  function valueOf(state: 'claim' | 'done', token: string): string {
    return `${state}:${options.node}:${options.epoch}:${token}`
  }

  /**
   * Null proves that the key was free. A client or proxy that lost the reply and sent the command
   * again is shown its own first attempt: ours as well, which is why the value decides and not an
   * "OK".
   */
  function claimFrom(answer: Answer, mine: Mine): Claim {
    if (answer.kind === 'skipped') return answer
    if (answer.value === null) return mine
    const held = typeof answer.value === 'string' ? VALUE.exec(answer.value)?.groups : undefined
    if (held === undefined) return { kind: 'skipped', reason: 'nonsense' }
    // This node's own, of whatever epoch: SQLite knows better, or, after a restore, less.
    if (held['node'] === options.node) return mine
    return { kind: held['state'] === 'done' ? 'done' : 'claimed' }
  }

  return {
    async claim(source, eventId, validMs = Infinity) {
      const key = claimKey(source, eventId)
      const token = randomToken()
      const doneTtlMs = Math.min(validMs, options.doneTtlMs)
      const entry = { key, value: valueOf('claim', token), ttlMs: CLAIM_TTL_MS }
      const answer = await guard.run((signal) => commands.setIfFree(entry, signal))
      if (answer.kind === 'skipped') failpoint('hint.claim-skipped')
      const claim = claimFrom(answer, { kind: 'mine', key, token, doneTtlMs })
      counts[claim.kind] += 1
      return claim
    },
    async done({ key, token, doneTtlMs }) {
      const entry = { key, value: valueOf('done', token), ttlMs: doneTtlMs }
      const answer = await guard.run((signal) => commands.set(entry, signal))
      if (answer.kind === 'skipped') failpoint('hint.done-skipped')
    },
    async release({ key, token }) {
      const value = valueOf('claim', token)
      await guard.run((signal) => commands.deleteIfEqual(key, value, signal))
    },
    counts: () => ({ ...counts }),
    state() {
      // Without deliveries nobody asks: then the connection still tells.
      const isConnected = commands.isConnected?.() ?? true
      return isConnected && guard.isUp() ? 'up' : 'down'
    },
    async close() {
      await guard.close()
      commands.close()
    },
  }
}

/**
 * The key of an event: `inlet:<source>:<sha256 of the event id, hex>`. Hashed, because ids are long
 * and not ours to show. Without braces, so that a Redis Cluster spreads the events of one source
 * over its slots.
 */
export function claimKey(source: string, eventId: string): string {
  return `inlet:${source}:${createHash('sha256').update(eventId).digest('hex')}`
}
