/** Milliseconds since 1970-01-01 UTC, by the wall clock. */
export type EpochMs = number

/** The only source of time. Tests pass one they move by hand. */
export interface Clock {
  /** The wall clock: for timestamps that leave the process, never for measuring. */
  now(): EpochMs
  /** Milliseconds from an arbitrary start that never jump: for deadlines and durations. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(finish, ms)
      function finish() {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      signal?.addEventListener('abort', finish, { once: true })
    })
  },
}
