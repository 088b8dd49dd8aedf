import type { Clock } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'

/** Rejects after `ms`, whatever `work` does; a later outcome of it is ignored. */
export async function within<T>(ms: number, clock: Clock, work: Promise<T>): Promise<T> {
  const patience = new AbortController()
  const timeUp = clock.sleep(ms, patience.signal).then(() => {
    throw new GatewayError('BROKER_UNAVAILABLE', `no outcome within ${ms} ms`)
  })
  try {
    return await Promise.race([work, timeUp])
  } finally {
    patience.abort()
  }
}
