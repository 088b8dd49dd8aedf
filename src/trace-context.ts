/** Which trace something belongs to, as W3C Trace Context writes it. */

/** The span that something was caused by. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  /** Whether whoever began the trace records it. */
  readonly isSampled: boolean
}

/** The header of requests, of stored events and of records. */
export const TRACEPARENT = 'traceparent'

const PATTERN = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const SAMPLED = 1

/**
 * Reads a `traceparent`; undefined where it is none, and then it counts as absent. Of a later
 * version than 00 the parts that this one knows are taken, as the specification asks.
 */
export function parseTraceparent(text: string | null | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = PATTERN.exec(text ?? '') ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) {
    return undefined
  }
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** Writes a `traceparent`, in version 00. */
export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

/** The trace of a stored event, from its kept headers as they are stored. */
export function keptTrace(headers: string | null): TraceContext | undefined {
  // Most events have none: then nothing is parsed.
  if (headers === null || !headers.includes(`"${TRACEPARENT}"`)) return undefined
  return parseTraceparent((JSON.parse(headers) as Record<string, string>)[TRACEPARENT])
}
