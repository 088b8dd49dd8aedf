import type { Clock, EpochMs } from '../../src/clock.ts'

/** A clock that only moves when the test moves it. */
export interface ManualClock extends Clock {
  /** Moves both clocks, and wakes the sleepers whose time has come. */
  advance(ms: number): void
  /** Sets the wall clock forward or back, as a person or NTP does; nobody wakes for it. */
  jump(ms: number): void
  /** How many are asleep. */
  readonly sleepers: number
}

/** Starts at 2026-01-01T00:00:00Z. */
export function manualClock(startMs: EpochMs = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsedMs = 0
  let jumpedMs = 0
  const sleeping = new Set<{ wakeMs: number; wake: () => void }>()
  return {
    now: () => startMs + elapsedMs + jumpedMs,
    monotonicMs: () => elapsedMs,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = () => {
          sleeping.delete(sleeper)
          resolve()
        }
        const sleeper = { wakeMs: elapsedMs + ms, wake }
        sleeping.add(sleeper)
        signal?.addEventListener('abort', wake, { once: true })
      })
    },
    advance(ms) {
      elapsedMs += ms
      for (const sleeper of sleeping) if (sleeper.wakeMs <= elapsedMs) sleeper.wake()
    },
    jump(ms) {
      jumpedMs += ms
    },
    get sleepers() {
      return sleeping.size
    },
  }
}
