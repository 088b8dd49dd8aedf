/** Runs the handlers of today over an event that is kept: nothing of it is verified again. */
import type { ParsedBody, Verified } from '../delivery.ts'
import type { KeptEvent } from '../event.ts'
import type { Source } from '../source.ts'
import { handle, retryAt, type Handled, type HandlePorts } from './handle.ts'

export interface KeptPorts extends HandlePorts {
  /** The source as it is served now: a handler that was corrected since is the one that runs. */
  readonly source: (name: string) => Source | undefined
  /** Reads a stored body as its provider writes it. */
  readonly parse: (source: Source, body: Uint8Array, contentType: string) => ParsedBody
}

/** Handles an event that a provider sent. Never throws. `attempt` counts this try. */
export async function handleKept(
  event: KeptEvent,
  { attempt, ...ports }: KeptPorts & { readonly attempt: number },
): Promise<Handled> {
  const source = ports.source(event.source)
  if (source === undefined) {
    return { ...sourceUnknown(event.source), retryAt: retryAt(attempt, ports.clock) }
  }
  const verified: Verified = {
    kind: 'verified',
    ...event,
    eventIdValidMs: undefined,
    parsed: ports.parse(source, event.body, event.contentType),
  }
  return handle(verified, event, source, { ...ports, attempt })
}

/** What is said of an event whose source or caller nobody serves any more. */
export function sourceUnknown(name: string): Handled {
  const reason = `SOURCE_UNKNOWN: "${name}" is no longer configured`
  return { state: 'failed', reason, records: [] }
}
