export interface BreakerOptions {
  /** Failures in a row, after which nothing is called for a while. */
  readonly failuresMax: number
  readonly restMs: number
}

/**
 * Makes a circuit breaker. It calls until too many calls in a row have failed, then rejects at once
 * for `restMs`, and then lets calls through again: the first that fails opens it anew.
 */
export function openBreaker({ failuresMax, restMs }: BreakerOptions) {
  let failures = 0
  let restsUntilMs = 0
  return async function guarded<T>(call: () => Promise<T>): Promise<T> {
    if (performance.now() < restsUntilMs) throw new Error('the circuit is open')
    try {
      const result = await call()
      failures = 0
      return result
    } catch (error) {
      failures += 1
      if (failures >= failuresMax) restsUntilMs = performance.now() + restMs
      throw error
    }
  }
}
