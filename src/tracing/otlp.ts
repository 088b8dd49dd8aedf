/** Spans as OTLP writes them in JSON: ids in hex, whole numbers of 64 bits as text. */
import type { Span } from './span.ts'

type Attributes = Span['attributes']

const STATUS_ERROR = 2
const NANOS_PER_MS = 1_000_000

/** The body of one request to `/v1/traces`. */
export function toOtlp(spans: readonly Span[], resource: Attributes): string {
  const scopeSpans = [{ scope: { name: 'inlet' }, spans: spans.map(toSpan) }]
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: toAttributes(resource) }, scopeSpans }],
  })
}

function toSpan(span: Span) {
  const { traceId, spanId, parentSpanId, name, kind, startedAt, ms, error, link } = span
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    startTimeUnixNano: toNanos(startedAt),
    endTimeUnixNano: toNanos(startedAt + ms),
    attributes: toAttributes(span.attributes),
    links: link && [{ traceId: link.traceId, spanId: link.spanId }],
    status: error === undefined ? undefined : { code: STATUS_ERROR, message: error },
  }
}

/** Beyond what a double holds, so put together as text. */
function toNanos(epochMs: number): string {
  const wholeMs = Math.floor(epochMs)
  const nanos = Math.floor((epochMs - wholeMs) * NANOS_PER_MS)
  return `${wholeMs}${String(nanos).padStart(6, '0')}`
}

function toAttributes(attributes: Attributes) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toValue(value) }],
  )
}

function toValue(value: string | number) {
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}
