import type { Delivery } from '../delivery.ts'
import { formatTraceparent, TRACEPARENT } from '../trace-context.ts'

/**
 * Request headers that are stored with an event: what helps to trace it, and nothing that
 * could be a credential.
 */
const KEPT = ['user-agent', TRACEPARENT] as const

/** One value is cut here: it is for people, not for machines. */
const KEPT_CHARS_MAX = 256

/** The kept headers as one JSON object, or null where none is present. */
export function keptHeaders({ headers, trace }: Delivery): string | null {
  let kept: Record<string, string> | undefined
  for (const name of KEPT) {
    const isOurs = name === TRACEPARENT && trace !== undefined
    const value = isOurs ? formatTraceparent(trace) : headers.get(name)
    if (value === null) continue
    kept ??= {}
    kept[name] = value.slice(0, KEPT_CHARS_MAX)
  }
  return kept === undefined ? null : JSON.stringify(kept)
}
