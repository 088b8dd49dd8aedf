import { BrokenInvariant } from '../assert.ts'
import { messageOf, stackOf } from '../faults/faults.ts'
import type { Log } from '../log.ts'

/**
 * Writes down what a request met and no fault has a name for. What is merely wrong in one place,
 * e.g. in a provider's code, is refused there and goes on; what must never be ends the process.
 */
export function bugReporter(
  log: Log,
  onFatal: (error: unknown) => void = () => undefined,
): (error: unknown) => void {
  return (error) => {
    log.error('request.failed', { reason: messageOf(error), stack: stackOf(error) })
    if (error instanceof BrokenInvariant) onFatal(error)
  }
}
