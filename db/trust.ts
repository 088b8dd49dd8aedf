import { GatewayError, messageOf } from '../src/faults/faults.ts'
import { blameOf } from './failures.ts'

/** Whether the storage still does what it says. Once it does not, it never does again. */
export interface Trust {
  /** False once the storage has failed: then nothing of the WAL may be copied by this process. */
  readonly isTrusted: boolean
  /**
   * Called where a write or a sync has failed. A checkpoint would copy what the disk may not hold,
   * and a power cut in the middle of it leave half of that: so `close` does not make one either,
   * and keeps the connection, whose end would.
   */
  distrust(error: GatewayError): void
  /** Calls `listener` once, when the storage has failed, whoever finds out. */
  onDistrusted(listener: (error: GatewayError) => void): void
  /** Runs what reads or writes: where it throws and the storage is to blame, that is distrusted. */
  guard<T>(work: () => T): T
}

export function openTrust(): Trust {
  const listeners: ((error: GatewayError) => void)[] = []
  let isTrusted = true

  function distrust(error: GatewayError): void {
    if (!isTrusted) return
    isTrusted = false
    for (const listener of listeners) listener(error)
  }

  return {
    get isTrusted() {
      return isTrusted
    },
    distrust,
    onDistrusted: (listener) => void listeners.push(listener),
    guard(work) {
      try {
        return work()
      } catch (cause) {
        if (blameOf(cause) === 'storage') {
          distrust(new GatewayError('STORAGE_FAILED', messageOf(cause), { cause }))
        }
        throw cause
      }
    },
  }
}
