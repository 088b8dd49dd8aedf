import type { Clock } from '../clock.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { OUTBOUND_MS_MAX } from '../limits/limits.ts'

/**
 * Makes one call within its time; what it throws names the host and never the rest of the URL.
 *
 * @throws GatewayError What `task` throws as one, OUTBOUND_FAILED for anything else.
 */
export async function limited<T>(
  clock: Clock,
  { host }: URL,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const patience = new AbortController()
  const timeUp = clock.sleep(OUTBOUND_MS_MAX, patience.signal).then((): never => {
    over.abort()
    throw new Error(`no answer within ${OUTBOUND_MS_MAX} ms`)
  })
  try {
    return await Promise.race([task(over.signal), timeUp])
  } catch (error) {
    if (error instanceof GatewayError) throw error
    // What fetch says of a failure quotes the URL, which may hold a token.
    const reason = messageOf(error).replaceAll(/https?:\/\/\S+/g, 'the URL')
    throw new GatewayError('OUTBOUND_FAILED', `${host}: ${reason}`)
  } finally {
    patience.abort()
    timeUp.catch(() => undefined)
  }
}
