import type { Clock } from '../clock.ts'
import { HINT_FAILURES_MAX, HINT_MS_MAX, HINT_PAUSE_MS } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import { failureWord } from './failure.ts'
import type { SkipReason } from './hint.ts'

/** What came back from Redis, or why nothing did. */
export type Answer =
  | { readonly kind: 'reply'; readonly value: unknown }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }

/**
 * Stands between deliveries and Redis, so that a slow, broken or dead one costs them next to
 * nothing.
 */
export interface Guard {
  /**
   * Makes one call and waits for it at most `HINT_MS_MAX`. Never rejects; `signal` aborts when
   * nobody waits any more.
   */
  run(call: (signal: AbortSignal) => Promise<unknown>): Promise<Answer>
  /** Whether the last calls were answered. */
  isUp(): boolean
  /** Waits for the calls on their way, each within its time; later ones are skipped. */
  close(): Promise<void>
}

type Health =
  | { readonly kind: 'up'; readonly failures: number }
  | { readonly kind: 'down'; readonly sinceMs: number; readonly askAgainMs: number }

const HEALTHY: Health = { kind: 'up', failures: 0 }
const TIMED_OUT = Symbol('timed out')

/** Opens a guard that believes Redis to be up until calls fail. */
export function openGuard({ clock, log }: { clock: Clock; log: Log }): Guard {
  let health = HEALTHY
  let paused = 0
  let closed = false
  const running = new Set<Promise<Answer>>()

  /**
   * Whether to call Redis now. While it is down, one call in `HINT_PAUSE_MS` goes through as a
   * probe.
   */
  function mayCall(): boolean {
    if (health.kind === 'up') return true
    const nowMs = clock.monotonicMs()
    if (nowMs < health.askAgainMs) return false
    health = { ...health, askAgainMs: nowMs + HINT_PAUSE_MS }
    return true
  }

  function succeeded(): void {
    if (health.kind === 'down') {
      const downMs = Math.round(clock.monotonicMs() - health.sinceMs)
      log.info('redis.up', { downMs, paused })
      paused = 0
    }
    health = HEALTHY
  }

  function failed(word: string): void {
    if (health.kind === 'down') return
    const failures = health.failures + 1
    health = { kind: 'up', failures }
    if (failures < HINT_FAILURES_MAX) return
    const nowMs = clock.monotonicMs()
    health = { kind: 'down', sinceMs: nowMs, askAgainMs: nowMs + HINT_PAUSE_MS }
    log.warn('redis.down', { reason: word })
  }

  async function ask(call: (signal: AbortSignal) => Promise<unknown>): Promise<Answer> {
    const over = new AbortController()
    const timeUp = clock.sleep(HINT_MS_MAX, over.signal).then(() => TIMED_OUT)
    try {
      const value = await Promise.race([call(over.signal), timeUp])
      if (value === TIMED_OUT) {
        failed('timeout')
        return { kind: 'skipped', reason: 'timeout' }
      }
      succeeded()
      return { kind: 'reply', value }
    } catch (error) {
      failed(failureWord(error))
      return { kind: 'skipped', reason: 'failed' }
    } finally {
      over.abort() // ends the timer, and a call that nobody waits for any more
    }
  }

  return {
    async run(call) {
      if (closed) return { kind: 'skipped', reason: 'closed' }
      if (!mayCall()) {
        paused += 1
        return { kind: 'skipped', reason: 'paused' }
      }
      const answer = ask(call)
      running.add(answer)
      try {
        return await answer
      } finally {
        running.delete(answer)
      }
    },
    isUp: () => health.kind === 'up',
    async close() {
      closed = true
      await Promise.all(running)
    },
  }
}
