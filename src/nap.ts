import type { Clock } from './clock.ts'

/** A sleep that others may end: how a task waits for work, where it would have to look for it. */
export interface Nap {
  /** Resolves after `ms`, when somebody wakes it, or when `signal` aborts. One at a time. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Ends the sleep, where there is one. */
  wake(): void
}

export function openNap(clock: Pick<Clock, 'sleep'>): Nap {
  let sleeper: AbortController | undefined
  return {
    async sleep(ms, signal) {
      if (signal.aborted) return
      const nap = new AbortController()
      const wake = () => nap.abort()
      signal.addEventListener('abort', wake, { once: true })
      sleeper = nap
      await clock.sleep(ms, nap.signal)
      sleeper = undefined
      signal.removeEventListener('abort', wake)
    },
    wake: () => sleeper?.abort(),
  }
}
